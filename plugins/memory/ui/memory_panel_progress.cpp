// SPDX-License-Identifier: GPL-3.0-or-later
// What the panel waits for, where that takes longer than a moment: a model that is loaded above all.
#include "plugins/memory/ui/memory_feed.h"
#include "plugins/memory/ui/memory_panel.h"
#include "widgets/attention/model_question.h"
#include "widgets/common/number_text.h"

#include <functional>
#include <utility>

namespace orrery::memory_ui {
namespace {

QString editText(const MemoryEdit &edit)
{
    switch (edit.verb) {
    case MemoryVerb::List:
        return MemoryPanel::tr("Asking the model what it remembers; one that is not loaded is loaded first …");
    case MemoryVerb::Save:
        return MemoryPanel::tr("Saving the memory to %1 …").arg(ui::fromStd(edit.path));
    case MemoryVerb::Load:
        return MemoryPanel::tr("Loading the memory from %1 …").arg(ui::fromStd(edit.path));
    default:
        return MemoryPanel::tr("Changing the memory …");
    }
}

} // namespace

/// What a person waits for first: what he asked for himself can be cancelled, a change of the memory cannot.
void MemoryPanel::showProgress()
{
    QString what;
    std::function<void()> cancel;
    if (m_preview->isAsking()) {
        what = tr("Computing what would be said …");
        cancel = [this] { m_preview->cancel(); };
    } else if (m_feed->isReading()) {
        what = tr("The model reads the text …");
        cancel = [this] { m_feed->cancelReading(); };
    } else if (m_feed->isLooking()) {
        what = tr("Computing what is read from the memories …");
        cancel = [this] { m_feed->cancelLook(); };
    } else if (const auto &edit = m_feed->edit()) {
        what = editText(*edit);
    } else if (m_feed->isComparing()) {
        what = tr("Comparing the events …");
    }
    if (what.isEmpty()) return clearProgress();
    setProgress(what, -1, std::move(cancel)); // seen when it takes longer than a moment
}

} // namespace orrery::memory_ui
