#pragma once
// Values with a form of their own; used by table.cc only.

#include "engine/config/table.h"

namespace norn::config {

Reason SetBind(Options& options, Words words, bool append);
std::string FormatBind(const Options& options);
std::vector<RewriteLine> BindLines(const Options& options, std::string_view name);
inline constexpr SpecialKind kBindForm{SetBind, FormatBind, BindLines, ""};

Reason SetRdmaBind(Options& options, Words words, bool append);
std::string FormatRdmaBind(const Options& options);
std::vector<RewriteLine> RdmaBindLines(const Options& options, std::string_view name);
inline constexpr SpecialKind kRdmaBindForm{SetRdmaBind, FormatRdmaBind, RdmaBindLines, ""};

Reason SetDir(Options& options, Words words, bool append);
std::string FormatDir(const Options& options);
std::vector<RewriteLine> DirLines(const Options& options, std::string_view name);
inline constexpr SpecialKind kDirForm{SetDir, FormatDir, DirLines, ""};

Reason SetSave(Options& options, Words words, bool append);
std::string FormatSave(const Options& options);
std::vector<RewriteLine> SaveLines(const Options& options, std::string_view name);
inline constexpr SpecialKind kSaveForm{SetSave, FormatSave, SaveLines, ""};

Reason SetOutputLimit(Options& options, Words words, bool append);
std::string FormatOutputLimit(const Options& options);
std::vector<RewriteLine> OutputLimitLines(const Options& options, std::string_view name);
inline constexpr SpecialKind kOutputLimitForm{SetOutputLimit, FormatOutputLimit, OutputLimitLines,
                                              ""};

Reason SetOomValues(Options& options, Words words, bool append);
std::string FormatOomValues(const Options& options);
std::vector<RewriteLine> OomValuesLines(const Options& options, std::string_view name);
inline constexpr SpecialKind kOomValuesForm{SetOomValues, FormatOomValues, OomValuesLines, ""};

Reason SetEvents(Options& options, Words words, bool append);
std::string FormatEvents(const Options& options);
std::vector<RewriteLine> EventsLines(const Options& options, std::string_view name);
inline constexpr SpecialKind kEventsForm{SetEvents, FormatEvents, EventsLines, ""};

Reason SetReplicaOf(Options& options, Words words, bool append);
std::string FormatReplicaOf(const Options& options);
std::vector<RewriteLine> ReplicaOfLines(const Options& options, std::string_view name);
inline constexpr SpecialKind kReplicaOfForm{SetReplicaOf, FormatReplicaOf, ReplicaOfLines, ""};

Reason SetPercentiles(Options& options, Words words, bool append);
std::string FormatPercentiles(const Options& options);
std::vector<RewriteLine> PercentilesLines(const Options& options, std::string_view name);
inline constexpr SpecialKind kPercentilesForm{SetPercentiles, FormatPercentiles, PercentilesLines,
                                              ""};

}  // namespace norn::config
