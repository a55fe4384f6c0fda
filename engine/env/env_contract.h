#pragma once
// The contract that every Env must pass, as one parameterised gtest suite. A world instantiates it
// in one test file:
//
//   #include "engine/env/env_contract.h"
//   INSTANTIATE_TEST_SUITE_P(Real, EnvContract, ::testing::Values(&MakeRealContractWorld));
//
// Claims live in the files included at the end; env_contract_fixture.h says what a world must
// provide. A claim is only made here when the seam's headers promise it, so that nothing is asked
// of one world that the other may not do.

#include "engine/env/env_contract_disk.h"
#include "engine/env/env_contract_executor.h"
#include "engine/env/env_contract_listen.h"
#include "engine/env/env_contract_stream.h"
