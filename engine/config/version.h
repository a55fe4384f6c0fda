#pragma once

#include "engine/base/version.h"
