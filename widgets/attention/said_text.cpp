// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/said_text.h"

#include "widgets/common/number_text.h"

#include <QCoreApplication>

#include <algorithm>

namespace orrery::ui {
namespace {

struct SaidWords {
    Q_DECLARE_TR_FUNCTIONS(SaidText)
};

} // namespace

bool lacksItsMemory(const InspectReport &report, bool isAskedAsSaid)
{
    const bool isByItself = report.saidWith == SaidWith::NotKept || report.saidWith == SaidWith::Unknown;
    return isAskedAsSaid && isByItself && std::any_of(report.reads.begin(), report.reads.end(), [](const MemoryRead &read) {
               return read.memory == "episodic";
           });
}

QString saidNote(const InspectReport &report, bool isAskedAsSaid)
{
    QString note = fromStd(report.note);
    if (report.saidWith != SaidWith::Unknown || !lacksItsMemory(report, isAskedAsSaid)) return note;
    if (!note.isEmpty()) note += u' ';
    return note + SaidWords::tr("This engine is of an older version: it reads the text by itself, without what the model "
                                "remembered when this was said. Update it to see that.");
}

QString lackHint(const InspectReport &report)
{
    if (report.saidWith == SaidWith::Unknown)
        return SaidWords::tr("The engine is of an older version and does not know that question. Update it to see what was read.");
    return SaidWords::tr("Another text was read or the memory was changed since, or the model was loaded anew. Generate the "
                         "answer again to see what it read then.");
}

} // namespace orrery::ui
