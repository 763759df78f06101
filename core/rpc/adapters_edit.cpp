// SPDX-License-Identifier: Apache-2.0
// What manages many runs: edits of labels, the trash, imports, models that leave.
#include "core/rpc/adapters.h"

#include "core/rpc/wire.h"

namespace orrery {

void toMessage(const RunEdit &value, v1::EditRunRequest &message)
{
    if (value.name) message.set_name(wire::utf8(*value.name));
    if (value.notes) message.set_notes(wire::utf8(*value.notes));
    if (value.isArchived) message.set_is_archived(*value.isArchived);
    if (!value.tags) return;
    v1::TagList &tags = *message.mutable_tags(); // there without any tag, too: all are taken off
    for (const std::string &tag : *value.tags) tags.add_tags(wire::utf8(tag));
}

RunEdit fromMessage(const v1::EditRunRequest &message)
{
    RunEdit value;
    if (message.has_name()) value.name = message.name();
    if (message.has_notes()) value.notes = message.notes();
    if (message.has_is_archived()) value.isArchived = message.is_archived();
    if (message.has_tags())
        value.tags = std::vector<std::string>(message.tags().tags().begin(), message.tags().tags().end());
    return value;
}

void toMessage(const std::vector<DeletedRun> &value, v1::DeletedRunList &message)
{
    for (const DeletedRun &run : value) {
        v1::DeletedRunMessage &one = *message.add_runs();
        one.set_entry(wire::utf8(run.entry));
        one.set_run(wire::utf8(run.id));
        one.set_name(wire::utf8(run.name));
        one.set_origin(wire::utf8(run.origin));
        one.set_deleted_at(run.deletedAt);
        one.set_num_bytes(run.numBytes);
    }
}

std::vector<DeletedRun> fromMessage(const v1::DeletedRunList &message)
{
    std::vector<DeletedRun> value;
    value.reserve(static_cast<size_t>(message.runs_size()));
    for (const v1::DeletedRunMessage &run : message.runs())
        value.push_back({run.entry(), run.run(), run.name(), run.origin(), run.deleted_at(), run.num_bytes()});
    return value;
}

void toMessage(const TrashChoice &value, v1::EmptyTrashRequest &message)
{
    message.set_is_whole(value.isWhole);
    message.set_older_than(value.olderThan);
    for (const std::string &entry : value.entries) message.add_entries(wire::utf8(entry));
}

TrashChoice fromMessage(const v1::EmptyTrashRequest &message)
{
    return {message.is_whole(), message.older_than(), {message.entries().begin(), message.entries().end()}};
}

void toMessage(const ImportReply &value, v1::ImportRunsReply &message)
{
    for (const RunStatus &run : value.runs) toMessage(run, *message.add_runs());
    message.set_num_points(value.numPoints);
    message.set_num_skipped(value.numSkipped);
    for (const std::string &note : value.notes) message.add_notes(wire::utf8(note));
}

ImportReply fromMessage(const v1::ImportRunsReply &message)
{
    ImportReply value;
    value.runs.reserve(static_cast<size_t>(message.runs_size()));
    for (const v1::RunStatusMessage &run : message.runs()) value.runs.push_back(fromMessage(run));
    value.numPoints = message.num_points();
    value.numSkipped = message.num_skipped();
    value.notes.assign(message.notes().begin(), message.notes().end());
    return value;
}

void toMessage(const ModelExportRequest &value, v1::ModelExportQuery &message)
{
    message.set_model(wire::utf8(value.model));
    message.set_directory(wire::utf8(value.directory));
    message.set_format(wire::utf8(value.format));
}

ModelExportRequest fromMessage(const v1::ModelExportQuery &message)
{
    return {message.model(), message.directory(), message.format()};
}

void toMessage(const TransferAmount &value, v1::TransferAmountMessage &message)
{
    message.set_num_done(value.numDone);
    message.set_num_total(value.numTotal);
}

TransferAmount fromMessage(const v1::TransferAmountMessage &message)
{
    return {message.num_done(), message.num_total()};
}

void toMessage(const ModelExportSummary &value, v1::ModelExportDone &message)
{
    message.set_directory(wire::utf8(value.directory));
    message.set_source(wire::utf8(value.source));
    message.set_step(value.step);
    message.set_num_bytes(value.numBytes);
    message.set_has_memory(value.hasMemory);
    message.set_architecture(wire::utf8(value.architecture));
    for (const std::string &plugin : value.plugins) message.add_plugins(wire::utf8(plugin));
}

ModelExportSummary fromMessage(const v1::ModelExportDone &message)
{
    ModelExportSummary value;
    value.directory = message.directory();
    value.source = message.source();
    value.step = message.step();
    value.numBytes = message.num_bytes();
    value.hasMemory = message.has_memory();
    value.architecture = message.architecture();
    value.plugins.assign(message.plugins().begin(), message.plugins().end());
    return value;
}

} // namespace orrery
