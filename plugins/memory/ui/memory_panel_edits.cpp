// SPDX-License-Identifier: GPL-3.0-or-later
// What is done to the memory, and taken back: a pin by its opposite, forgetting and strengths by the engine,
// which keeps what they changed until the model reads on.
#include "plugins/memory/ui/memory_feed.h"
#include "plugins/memory/ui/memory_model.h"
#include "plugins/memory/ui/memory_panel.h"
#include "plugins/memory/ui/slot_model.h"
#include "plugins/memory/ui/what_if_pane.h"
#include "widgets/attention/model_question.h"
#include "widgets/common/banner.h"
#include "widgets/common/number_text.h"

#include <algorithm>

using namespace Qt::StringLiterals;
using orrery::ui::integerText;

namespace orrery::memory_ui {
namespace {

bool isPinEdit(const MemoryEdit &edit)
{
    return edit.verb == MemoryVerb::Pin || edit.verb == MemoryVerb::Unpin;
}

bool isStep(const MemoryEdit &edit)
{
    return isPinEdit(edit) || edit.verb == MemoryVerb::Forget || edit.verb == MemoryVerb::ForgetSlot ||
           edit.verb == MemoryVerb::Scale;
}

MemoryEdit oppositeOf(const MemoryEdit &step)
{
    if (!isPinEdit(step)) return {.verb = MemoryVerb::Undo};
    return {.verb = step.verb == MemoryVerb::Pin ? MemoryVerb::Unpin : MemoryVerb::Pin, .event = step.event};
}

/// Whether what a preview said of one memory holds of the other: the same events, as strong as they were. How
/// often they were read and what is pinned change no answer.
bool areAlike(const std::vector<MemoryEvent> &some, const std::vector<MemoryEvent> &others)
{
    return std::equal(some.begin(), some.end(), others.begin(), others.end(),
                      [](const MemoryEvent &one, const MemoryEvent &other) {
                          return one.id == other.id && one.source == other.source &&
                                 one.firstToken == other.firstToken && one.lastToken == other.lastToken &&
                                 one.tokenIds == other.tokenIds && one.slots == other.slots &&
                                 one.strengths == other.strengths;
                      });
}

/// Whether a file that has the one memory has the other: pins are written there, too.
bool areInOneFile(const std::vector<MemoryEvent> &some, const std::vector<MemoryEvent> &others)
{
    return areAlike(some, others) && std::equal(some.begin(), some.end(), others.begin(), others.end(),
                                                [](const MemoryEvent &one, const MemoryEvent &other) {
                                                    return one.isPinned == other.isPinned;
                                                });
}

} // namespace

bool MemoryPanel::areStepsOf(const std::vector<MemoryEvent> &events) const
{
    for (const auto *steps : {&m_done, &m_undone})
        for (const MemoryEdit &step : *steps) {
            const int index = m_events->indexOfId(step.event);
            const auto now = std::find_if(events.begin(), events.end(), [&step](const MemoryEvent &event) {
                return event.id == step.event;
            });
            if (index < 0 || now == events.end()) continue; // gone: the engine says so when it is asked
            const MemoryEvent &before = m_events->events()[static_cast<size_t>(index)];
            if (before.source != now->source || before.firstToken != now->firstToken ||
                before.lastToken != now->lastToken)
                return false;
        }
    return true;
}

void MemoryPanel::endPending()
{
    if (!m_pending) return;
    const auto [step, way] = *m_pending;
    m_pending.reset();
    if (way == Way::New) m_undone.clear();
    if (way == Way::Undo) {
        m_done.pop_back();
        m_undone.push_back(step);
    } else {
        if (way == Way::Redo) m_undone.pop_back();
        m_done.push_back(step);
    }
}

void MemoryPanel::dropSteps()
{
    // Something was read since, or the text is another one: pins are still undone by their opposite.
    if (m_undoText.isEmpty()) std::erase_if(m_done, [](const MemoryEdit &step) { return !isPinEdit(step); });
}

void MemoryPanel::takeReport(const MemoryEdit &edit, const MemoryReport &report)
{
    if (!m_pending && !areStepsOf(report.events)) {
        m_done.clear();
        m_undone.clear();
    }
    m_noMemory.reset();
    m_status = report.status;
    m_memoryNote = ui::fromStd(report.note);
    m_answeredAt = ui::wallNow();
    m_undoText = ui::fromStd(report.undoText);
    endPending();
    dropSteps();
    banner()->clear();
    sayWhatWasDone(edit, report);
    if (!isPinEdit(edit)) m_isLikenessOld = true;
    if (!areAlike(m_events->events(), report.events)) {
        m_preview->cancel();
        m_whatIf->discard();
    }
    if (!areInOneFile(m_events->events(), report.events)) m_memoryFile.clear();
    if (edit.verb == MemoryVerb::Save || edit.verb == MemoryVerb::Load) m_memoryFile = ui::fromStd(edit.path);
    m_isTaking = true; // rows move under the selection
    m_events->setEvents(report.events);
    m_isTaking = false;
    if (m_wantedId > 0 && m_events->indexOfId(m_wantedId) >= 0) m_selectedId = std::exchange(m_wantedId, 0);
    if (m_events->indexOfId(m_selectedId) < 0) m_selectedId = 0;
    showSelected();
    showState();
    askSimilarity();
}

void MemoryPanel::sayWhatWasDone(const MemoryEdit &edit, const MemoryReport &report)
{
    const QString freed = tr("%1 slots are free again.").arg(integerText(report.numFreed));
    const QString back = tr("Ctrl+Z takes it back until the model reads on.");
    const auto say = [this](const QString &text, const QString &hint = {}) {
        banner()->showMessage(ui::BannerKind::Info, text, hint);
    };
    switch (edit.verb) {
    case MemoryVerb::Wipe:
        return say(tr("Forgot %1: %2").arg(sourceSentence(edit.source), freed));
    case MemoryVerb::Forget:
        return say(tr("Forgot event %1: %2").arg(integerText(edit.event), freed), back);
    case MemoryVerb::ForgetSlot:
        return say(tr("Forgot one token of event %1.").arg(integerText(edit.event)), back);
    case MemoryVerb::Scale:
        return say(
            edit.slot < 0
                ? tr("Event %1 has strength %2.").arg(integerText(edit.event), strengthText(edit.factor))
                : tr("One token of event %1 has strength %2.")
                      .arg(integerText(edit.event), strengthText(edit.factor)),
            back);
    case MemoryVerb::Save:
        return say(tr("Saved to %1 on the engine's computer.").arg(ui::fromStd(edit.path)));
    case MemoryVerb::Load:
        return say(tr("Loaded %1: each text begins with it from now on.").arg(ui::fromStd(edit.path)));
    default:
        return;
    }
}

void MemoryPanel::takeFailure(const MemoryEdit &edit, const Error &error)
{
    if (edit.verb == MemoryVerb::List && error.code == ErrorCode::NotFound) {
        // A model without this memory is no mistake: it is said where the memory would stand.
        m_noMemory = error;
        m_status.reset();
        m_undoText.clear();
        m_events->setEvents({});
        m_selectedId = 0;
        showSelected();
        return showState();
    }
    if (m_pending) {
        const auto [step, way] = *m_pending;
        m_pending.reset();
        // What cannot be done is not offered again.
        if (way == Way::Undo && error.code == ErrorCode::NotFound) m_done.pop_back();
        if (way == Way::Redo && error.code == ErrorCode::NotFound) m_undone.pop_back();
    }
    if (edit.verb == MemoryVerb::Undo && error.code == ErrorCode::NotFound) m_undoText.clear();
    banner()->showError(error, tr("Refresh"));
    showState();
}

void MemoryPanel::pin(qint64 event, bool isPinned)
{
    edit({.verb = isPinned ? MemoryVerb::Pin : MemoryVerb::Unpin, .event = event}, Way::New);
}

void MemoryPanel::apply(const MemoryEdit &wanted)
{
    if (isStep(wanted)) edit(wanted, Way::New);
}

void MemoryPanel::edit(const MemoryEdit &step, Way way)
{
    if (m_feed->isEditing()) return;
    const int index = m_events->indexOfId(step.event);
    const bool isTakenBack = way == Way::Undo && !isPinEdit(step); // a forgotten event comes again
    const auto hasSlot = [&] {
        const auto &slots = m_events->events()[static_cast<size_t>(index)].slots;
        return step.slot < 0 || std::find(slots.begin(), slots.end(), step.slot) != slots.end();
    };
    if (!isTakenBack && (index < 0 || !hasSlot())) {
        // It is gone, and so is what could be done about it.
        banner()->showMessage(
            ui::BannerKind::Warning,
            index < 0
                ? tr("Event %1 is no longer in the memory.").arg(integerText(step.event))
                : tr("That token of event %1 is no longer in the memory.").arg(integerText(step.event)));
        if (way == Way::Undo) m_done.pop_back();
        if (way == Way::Redo) m_undone.pop_back();
        return enableActions();
    }
    m_pending = {step, way};
    m_feed->ask(way == Way::Undo ? oppositeOf(step) : step);
}

void MemoryPanel::undo()
{
    if (!m_done.empty()) return edit(m_done.back(), Way::Undo);
    // Somebody else's, or one of before the window was closed.
    if (!m_undoText.isEmpty() && !m_feed->isEditing()) m_feed->ask({.verb = MemoryVerb::Undo});
}

void MemoryPanel::redo()
{
    if (!m_undone.empty()) edit(m_undone.back(), Way::Redo);
}

QString MemoryPanel::undoTip() const
{
    if (m_done.empty() && !m_undoText.isEmpty()) return tr("Undo: %1 (Ctrl+Z)").arg(m_undoText);
    if (m_done.empty()) return tr("Undo the last change (Ctrl+Z)");
    const MemoryEdit &step = m_done.back();
    const QString event = integerText(step.event);
    switch (step.verb) {
    case MemoryVerb::Pin:
        return tr("Undo: unpin event %1 (Ctrl+Z)").arg(event);
    case MemoryVerb::Unpin:
        return tr("Undo: pin event %1 again (Ctrl+Z)").arg(event);
    case MemoryVerb::Forget:
        return tr("Undo: remember event %1 again (Ctrl+Z)").arg(event);
    case MemoryVerb::ForgetSlot:
        return tr("Undo: remember the token of event %1 again (Ctrl+Z)").arg(event);
    default:
        return tr("Undo: the strength of event %1 as it was (Ctrl+Z)").arg(event);
    }
}

void MemoryPanel::forget(const QString &source)
{
    if (m_feed->isEditing()) return;
    m_feed->ask({.verb = MemoryVerb::Wipe, .source = ui::toStd(source)});
}

} // namespace orrery::memory_ui
