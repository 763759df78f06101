// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/memory/ui/memory_panel.h"

#include "plugins/memory/ui/event_details.h"
#include "plugins/memory/ui/memory_accessible.h"
#include "plugins/memory/ui/memory_feed.h"
#include "plugins/memory/ui/memory_model.h"
#include "plugins/memory/ui/memory_strip.h"
#include "plugins/memory/ui/memory_table.h"
#include "plugins/memory/ui/reads_pane.h"
#include "widgets/common/banner.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/number_text.h"
#include "widgets/common/run_text.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/common/tone_label.h"
#include "widgets/common/unit_line_edit.h"
#include "widgets/play/model_chooser.h"
#include "widgets/theme/theme.h"

#include <QBoxLayout>
#include <QKeyEvent>
#include <QLineEdit>
#include <QPushButton>
#include <QSplitter>
#include <QStackedWidget>
#include <QToolButton>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::memory_ui {
namespace {

constexpr int kMinTwoColumns = 720;

/// "code-7M@800" is of the run code-7M; a directory is of none.
QString runOfModel(const QString &model)
{
    if (model.contains(u'/')) return {};
    const qsizetype at = model.lastIndexOf(u'@');
    return at > 0 ? model.left(at) : model;
}

} // namespace

void MemoryPanel::setModel(const QString &model) { m_chooser->setModel(model); }

QString MemoryPanel::model() const { return m_feed->model(); }

void MemoryPanel::takeModel()
{
    const QString model = m_chooser->model();
    if (model == m_feed->model()) return showState();
    m_feed->setModel(model);
    m_status.reset();
    m_noMemory.reset();
    m_selectedId = 0;
    m_done.clear();
    m_undone.clear();
    m_pending.reset();
    m_tiers = {};
    ++m_specNumber;
    banner()->clear();
    m_events->setEvents({});
    m_details->setEvent({});
    m_reads->clear();
    if (isVisible()) refresh();
    showState();
    Q_EMIT stateChanged();
}

void MemoryPanel::refresh()
{
    if (m_feed->model().isEmpty() || m_session.connectionState() != ui::ConnectionState::Connected)
        return showState();
    m_feed->ask({MemoryVerb::List, {}, 0});
    askSpec();
}

void MemoryPanel::askSpec()
{
    const QString run = runOfModel(m_feed->model());
    if (run.isEmpty() || m_tiers.isKnown) return;
    m_session.getSpec(run, this, [this, number = ++m_specNumber](Result<QString> answer) {
        if (number != m_specNumber) return;
        // The cards say "not known" otherwise: the memory itself is told by the model.
        if (answer.ok()) m_tiers = tiersOfSpec(*answer);
        showCounts();
    });
}

bool MemoryPanel::areStepsOf(const std::vector<MemoryEvent> &events) const
{
    for (const auto *steps : {&m_done, &m_undone})
        for (const PinStep &step : *steps) {
            const int index = m_events->indexOfId(step.event);
            const auto now = std::find_if(events.begin(), events.end(),
                                          [&step](const MemoryEvent &event) { return event.id == step.event; });
            if (index < 0 || now == events.end()) continue; // gone: the engine says so when it is asked
            const MemoryEvent &before = m_events->events()[static_cast<size_t>(index)];
            if (before.source != now->source || before.firstToken != now->firstToken ||
                before.lastToken != now->lastToken)
                return false;
        }
    return true;
}

void MemoryPanel::takeReport(const MemoryEdit &edit, const MemoryReport &report)
{
    if (!m_pending && !areStepsOf(report.events)) {
        m_done.clear();
        m_undone.clear();
    }
    m_noMemory.reset();
    m_status = report.status;
    m_answeredAt = ui::wallNow();
    if (m_pending) {
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
    banner()->clear();
    if (edit.verb == MemoryVerb::Wipe)
        banner()->showMessage(ui::BannerKind::Info,
                              tr("Forgot %1: %2 slots are free again.")
                                  .arg(sourceSentence(edit.source), ui::integerText(report.numFreed)));
    m_isTaking = true; // rows move under the selection
    m_events->setEvents(report.events);
    m_isTaking = false;
    if (m_events->indexOfId(m_selectedId) < 0) m_selectedId = 0;
    showSelected();
    showState();
}

void MemoryPanel::takeFailure(const MemoryEdit &edit, const Error &error)
{
    if (edit.verb == MemoryVerb::List && error.code == ErrorCode::NotFound) {
        // A model without this memory is no mistake: it is said where the memory would stand.
        m_noMemory = error;
        m_status.reset();
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
    banner()->showError(error, tr("Refresh"));
    showState();
}

void MemoryPanel::openTypedModel()
{
    const QString typed = m_typed->text().trimmed();
    if (typed.isEmpty()) return;
    QString model = typed;
    bool isKnown = typed.contains(u'/');
    const QString run = runOfModel(typed);
    for (const RunStatus &status : m_session.runs()) {
        if (isKnown || status.lastCheckpointStep < 0) continue;
        if (ui::fromStd(status.id) != run && ui::runTitle(status) != run) continue;
        isKnown = true;
        model = ui::fromStd(status.id) + typed.mid(run.size());
    }
    m_typed->setInvalid(!isKnown);
    m_typedError->setVisible(!isKnown);
    if (!isKnown) {
        m_typedError->setText(tr("Cannot open model “%1”: found no run of that name with a saved step. Type "
                                 "RUN, RUN@step, or the path "
                                 "of a model directory on the engine's computer.")
                                  .arg(typed));
        return;
    }
    m_chooser->setModel(model);
    m_type->setChecked(false);
    m_table->setFocus();
}

void MemoryPanel::pin(qint64 event, bool isPinned) { edit({event, isPinned}, Way::New); }

void MemoryPanel::edit(const PinStep &step, Way way)
{
    if (m_feed->isEditing() || m_events->indexOfId(step.event) < 0) {
        if (m_feed->isEditing()) return;
        // It is gone, and so is what could be done about it.
        banner()->showMessage(ui::BannerKind::Warning,
                              tr("Event %1 is no longer in the memory.").arg(ui::integerText(step.event)));
        if (way == Way::Undo) m_done.pop_back();
        if (way == Way::Redo) m_undone.pop_back();
        return enableActions();
    }
    m_pending = {step, way};
    const bool isPinned = way == Way::Undo ? !step.isPinned : step.isPinned;
    m_feed->ask({isPinned ? MemoryVerb::Pin : MemoryVerb::Unpin, {}, step.event});
}

void MemoryPanel::undo()
{
    if (!m_done.empty()) edit(m_done.back(), Way::Undo);
}

void MemoryPanel::redo()
{
    if (!m_undone.empty()) edit(m_undone.back(), Way::Redo);
}

void MemoryPanel::forget(const QString &source)
{
    if (m_feed->isEditing()) return;
    m_feed->ask({MemoryVerb::Wipe, ui::toStd(source), 0});
}

void MemoryPanel::selectEvent(qint64 id)
{
    m_selectedId = m_events->indexOfId(id) < 0 ? 0 : id;
    showSelected();
}

void MemoryPanel::showSelected()
{
    const int index = m_events->indexOfId(m_selectedId);
    m_strip->setSelected(index);
    m_table->selectEvent(index);
    m_details->setEvent(index < 0 ? std::nullopt
                                  : std::optional(m_events->events()[static_cast<size_t>(index)]));
    enableActions();
}

void MemoryPanel::showCounts()
{
    m_cards->setTiers(m_tiers, m_noMemory ? std::optional(MemoryStatus{}) : m_status);
    const MemoryStatus status = m_status.value_or(MemoryStatus{});
    m_bar->setStatus(status);
    m_occupancy->setText(occupancyText(status));
    m_counts->setText(countsText(status));
    m_refusal->setText(refusalText(status));
    m_refusal->setVisible(!m_refusal->text().isEmpty());
    const auto numAll = static_cast<qint64>(m_events->events().size());
    m_shownCount->setText(
        m_events->isFiltered()
            ? tr("%1 of %2 events").arg(ui::integerText(m_events->rowCount()), ui::integerText(numAll))
            : tr("%1 events").arg(ui::integerText(numAll)));
}

void MemoryPanel::showState()
{
    setTitle(m_feed->model().isEmpty() ? QString() : tr("Memory of %1").arg(m_chooser->modelTitle()));
    setAccessibleName(tr("Memory")); // the dock's title bar says it
    showCounts();
    showEmptyState();
    m_asOf->setText(m_feed->isEditing()            ? tr("changing…")
                    : m_feed->isAsking()           ? tr("asking…")
                    : m_answeredAt > 0 && m_status ? tr("as of %1").arg(ui::clockTimeText(m_answeredAt))
                                                   : QString());
    const bool hasModel =
        !m_feed->model().isEmpty() && m_session.connectionState() == ui::ConnectionState::Connected;
    m_reads->setState(hasModel, m_feed->isLooking(), m_feed->isReading(),
                      m_status && m_events->events().empty());
    m_refresh->setEnabled(hasModel);
    m_details->setBusy(m_feed->isEditing());
    enableActions();
}

void MemoryPanel::showEmptyState()
{
    const bool isConnected = m_session.connectionState() == ui::ConnectionState::Connected;
    const bool hasEvents = !m_events->events().empty();
    const bool hasModel = !m_feed->model().isEmpty();
    m_left->setCurrentIndex(hasEvents ? 0 : 1);
    m_cards->setVisible(hasModel);
    m_side->setVisible(hasEvents || (hasModel && isConnected)); // what was read can be asked of any model
    if (hasEvents) return;
    bool canOpen = false, canAsk = false, canRead = false;
    if (!isConnected) {
        m_empty->setTexts(tr("No engine"),
                          tr("What a model remembers stands here as soon as the engine is connected."));
    } else if (!hasModel) {
        m_empty->setTexts(tr("No model yet"), tr("Choose a run with a saved step, or a model directory: what "
                                                 "it remembers of its text stands here."));
        canOpen = true;
    } else if (m_noMemory) {
        m_empty->setTexts(ui::fromStd(m_noMemory->message), ui::fromStd(m_noMemory->hint));
        canAsk = true;
    } else if (m_feed->isAsking()) {
        m_empty->setTexts(tr("Asking the model…"), tr("A model that is not loaded yet is loaded first."));
    } else if (!m_status) {
        m_empty->setTexts(tr("Not known"),
                          tr("What the model remembers could not be read; the reason stands above."));
        canAsk = true;
    } else {
        m_empty->setTexts(tr("Nothing remembered yet"),
                          tr("Of the text that the model read last, nothing has left its window. Let it read "
                             "a longer one, here or in Play."));
        canRead = canAsk = true;
    }
    m_emptyOpen->setVisible(canOpen);
    m_emptyRead->setVisible(canRead);
    m_emptyAgain->setVisible(canAsk);
}

QVariantMap MemoryPanel::saveState() const
{
    return {{u"model"_s, m_feed->model()},
            {u"prompt"_s, m_reads->prompt()},
            {u"filter"_s, m_filter->text()},
            {u"tab"_s, m_tabs->current()}};
}

void MemoryPanel::restoreState(const QVariantMap &state)
{
    if (const QString model = state.value(u"model"_s).toString(); !model.isEmpty()) setModel(model);
    m_reads->setPrompt(state.value(u"prompt"_s).toString());
    m_filter->setText(state.value(u"filter"_s).toString());
    if (state.value(u"tab"_s).toString() == u"reads") m_tabs->button(u"reads"_s)->click();
}

void MemoryPanel::showEvent(QShowEvent *event)
{
    PanelFrame::showEvent(event);
    if (!event->spontaneous()) refresh();
}

void MemoryPanel::resizeEvent(QResizeEvent *event)
{
    PanelFrame::resizeEvent(event);
    arrange();
}

void MemoryPanel::arrange()
{
    const bool isNarrow = width() < kMinTwoColumns;
    m_splitter->setOrientation(isNarrow ? Qt::Vertical : Qt::Horizontal);
    m_countsRow->setDirection(isNarrow ? QBoxLayout::TopToBottom : QBoxLayout::LeftToRight);
    m_countsRow->setSpacing(isNarrow ? 0 : ui::space::kOne);
    m_counts->setAlignment(isNarrow ? Qt::AlignLeft : Qt::AlignRight);
    if (isNarrow == m_isNarrow) return;
    m_isNarrow = isNarrow;
    const int length = isNarrow ? m_splitter->height() : m_splitter->width();
    m_splitter->setSizes({length * 2 / 3, length / 3});
}

bool MemoryPanel::event(QEvent *event)
{
    // These keys belong to the panel while the focus is in it, not to the window's shortcuts.
    if (event->type() == QEvent::ShortcutOverride) {
        auto *key = static_cast<QKeyEvent *>(event);
        if (key->key() == Qt::Key_F5 || key->matches(QKeySequence::Undo) ||
            key->matches(QKeySequence::Redo)) {
            event->accept();
            return true;
        }
    }
    return PanelFrame::event(event);
}

void MemoryPanel::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_F5) return refresh();
    if (event->matches(QKeySequence::Undo)) return undo();
    if (event->matches(QKeySequence::Redo)) return redo();
    if (event->key() == Qt::Key_Escape && m_feed->isLooking()) return m_feed->cancelLook();
    if (event->key() == Qt::Key_Escape && !m_filter->text().isEmpty()) return m_filter->clear();
    PanelFrame::keyPressEvent(event);
}

} // namespace orrery::memory_ui
