// SPDX-License-Identifier: Apache-2.0
// Values to messages and back, both ways for everything that crosses the wire. Private to core/rpc and its
// tests. Text fields must be UTF-8 on the wire: broken bytes are replaced; prompts and token texts are bytes
// and stay exact. Numbers of enums that this program does not know become Unknown. Pure; any thread.
#pragma once

#include "core/rpc/values.h"

#include "orrery.pb.h"

namespace orrery {

void toMessage(const Error &value, v1::ErrorDetail &message);
Error fromMessage(const v1::ErrorDetail &message);

void toMessage(const RunStatus &value, v1::RunStatusMessage &message);
RunStatus fromMessage(const v1::RunStatusMessage &message);
void toMessage(const StepReport &value, v1::StepReportMessage &message);
StepReport fromMessage(const v1::StepReportMessage &message);
void toMessage(const RunEvent &value, v1::RunEventMessage &message);
RunEvent fromMessage(const v1::RunEventMessage &message);
void toMessage(const CheckpointInfo &value, v1::CheckpointMessage &message);
CheckpointInfo fromMessage(const v1::CheckpointMessage &message);
void toMessage(const WatchBatch &value, v1::WatchUpdate &message);
WatchBatch fromMessage(const v1::WatchUpdate &message);

/// The verb and its values; `run` is set by the caller.
void toMessage(const ControlCommand &value, v1::ControlRequest &message);
ControlCommand fromMessage(const v1::ControlRequest &message);
void toMessage(const SeriesRequest &value, v1::SeriesRequest &message);
SeriesRequest fromMessage(const v1::SeriesRequest &message);
void toMessage(const SeriesReply &value, v1::SeriesColumns &message);
/// @error Io when the columns have different lengths
Result<SeriesReply> fromMessage(const v1::SeriesColumns &message);

void toMessage(const std::vector<RunStatus> &value, v1::RunList &message);
std::vector<RunStatus> fromMessage(const v1::RunList &message);
void toMessage(const HostDescription &value, v1::HostInfo &message);
HostDescription fromMessage(const v1::HostInfo &message);
void toMessage(const DataRequest &value, v1::DescribeDataRequest &message);
DataRequest fromMessage(const v1::DescribeDataRequest &message);

/// What is not set is not sent; `run` is set by the caller.
void toMessage(const RunEdit &value, v1::EditRunRequest &message);
RunEdit fromMessage(const v1::EditRunRequest &message);
void toMessage(const std::vector<DeletedRun> &value, v1::DeletedRunList &message);
std::vector<DeletedRun> fromMessage(const v1::DeletedRunList &message);
void toMessage(const TrashChoice &value, v1::EmptyTrashRequest &message);
TrashChoice fromMessage(const v1::EmptyTrashRequest &message);
void toMessage(const ImportReply &value, v1::ImportRunsReply &message);
ImportReply fromMessage(const v1::ImportRunsReply &message);
void toMessage(const ModelExportRequest &value, v1::ModelExportQuery &message);
ModelExportRequest fromMessage(const v1::ModelExportQuery &message);
void toMessage(const TransferAmount &value, v1::TransferAmountMessage &message);
TransferAmount fromMessage(const v1::TransferAmountMessage &message);
void toMessage(const ModelExportSummary &value, v1::ModelExportDone &message);
ModelExportSummary fromMessage(const v1::ModelExportDone &message);
void toMessage(const ModelConsolidationRequest &value, v1::ConsolidateQuery &message);
ModelConsolidationRequest fromMessage(const v1::ConsolidateQuery &message);
void toMessage(const ConsolidationAmount &value, v1::ConsolidateAmount &message);
ConsolidationAmount fromMessage(const v1::ConsolidateAmount &message);
void toMessage(const ModelConsolidationSummary &value, v1::ConsolidateDone &message);
ModelConsolidationSummary fromMessage(const v1::ConsolidateDone &message);

void toMessage(const PluginListing &value, v1::PluginList &message);
/// @error Io when the settings of a plugin cannot be read
Result<PluginListing> fromMessage(const v1::PluginList &message);

void toMessage(const SamplingSettings &value, v1::SamplingMessage &message);
SamplingSettings fromMessage(const v1::SamplingMessage &message);
void toMessage(const ModelRequest &value, v1::GenerateRequest &message);
ModelRequest fromMessage(const v1::GenerateRequest &message);
void toMessage(const GeneratedToken &value, v1::GeneratedTokenMessage &message);
GeneratedToken fromMessage(const v1::GeneratedTokenMessage &message);
void toMessage(const GenerateSummary &value, v1::GenerateSummaryMessage &message);
GenerateSummary fromMessage(const v1::GenerateSummaryMessage &message);
void toMessage(const ModelInfo &value, v1::ModelInfoMessage &message);
ModelInfo fromMessage(const v1::ModelInfoMessage &message);
void toMessage(const EmbedSummary &value, v1::EmbedReply &message);
EmbedSummary fromMessage(const v1::EmbedReply &message);
void toMessage(const MemoryEdit &value, v1::MemoryRequest &message); ///< without the model
MemoryEdit fromMessage(const v1::MemoryRequest &message);
void toMessage(const MemoryReport &value, v1::MemoryReply &message);
MemoryReport fromMessage(const v1::MemoryReply &message);
void toMessage(const FrameInfo &value, v1::FrameMessage &message);
FrameInfo fromMessage(const v1::FrameMessage &message);
/// The kind, prompt and range; `run` is set by the caller.
void toMessage(const FrameQuery &value, v1::FramesRequest &message);
FrameQuery fromMessage(const v1::FramesRequest &message);
void toMessage(const HeadRef &value, v1::HeadMessage &message);
HeadRef fromMessage(const v1::HeadMessage &message);
/// The model's name stands in the input.
void toMessage(const InspectRequest &value, v1::InspectQuery &message);
InspectRequest fromMessage(const v1::InspectQuery &message);
void toMessage(const InspectReport &value, v1::InspectReply &message);
/// @error Io when a map or a table has another size than it says, or they are too many
Result<InspectReport> fromMessage(const v1::InspectReply &message);
void toMessage(const BatchResult &value, v1::BatchGenerateResult &message);
BatchResult fromMessage(const v1::BatchGenerateResult &message);

} // namespace orrery
