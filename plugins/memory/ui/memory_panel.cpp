// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/memory/ui/memory_panel.h"

#include "plugins/memory/ui/event_details.h"
#include "plugins/memory/ui/memory_accessible.h"
#include "plugins/memory/ui/memory_feed.h"
#include "plugins/memory/ui/memory_model.h"
#include "plugins/memory/ui/memory_strip.h"
#include "plugins/memory/ui/memory_table.h"
#include "plugins/memory/ui/reads_pane.h"
#include "plugins/memory/ui/similarity_page.h"
#include "plugins/memory/ui/slot_model.h"
#include "plugins/memory/ui/what_if_pane.h"
#include "widgets/attention/model_question.h"
#include "widgets/common/banner.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/number_text.h"
#include "widgets/common/run_text.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/common/tone_label.h"
#include "widgets/common/unit_line_edit.h"
#include "widgets/play/model_chooser.h"
#include "widgets/theme/theme.h"

#include <QAbstractButton>
#include <QBoxLayout>
#include <QKeyEvent>
#include <QLineEdit>
#include <QPushButton>
#include <QSplitter>
#include <QStackedWidget>
#include <QToolButton>

#include <algorithm>
#include <array>
#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::memory_ui {
namespace {

constexpr int kMinTwoColumns = 720;
constexpr int kLowPanel = 300; ///< what stands there while nothing is remembered takes one row

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
    m_selectedSlot = -1;
    m_done.clear();
    m_undone.clear();
    m_undoText.clear();
    m_memoryFile.clear();
    m_pending.reset();
    m_names.clear();
    m_lastReads.clear();
    m_preview->cancel();
    m_namesQuestion->cancel();
    m_similarity->clear();
    m_isLikenessOld = true;
    m_tiers = {};
    ++m_specNumber;
    banner()->clear();
    m_events->setEvents({});
    m_details->setEvent({});
    showTarget();
    m_reads->clear();
    if (isVisible()) refresh();
    showState();
    Q_EMIT stateChanged();
}

void MemoryPanel::refresh()
{
    if (m_feed->model().isEmpty() || m_session.connectionState() != ui::ConnectionState::Connected)
        return showState();
    m_feed->ask({.verb = MemoryVerb::List});
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
        enableActions();
    });
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

void MemoryPanel::selectEvent(qint64 id)
{
    const qint64 before = m_selectedId;
    m_selectedId = m_events->indexOfId(id) < 0 ? 0 : id;
    if (m_selectedId != before) m_selectedSlot = -1;
    if (m_selectedId > 0) m_wantedId = 0;
    showSelected();
}

void MemoryPanel::selectSlot(qint64 slot)
{
    m_selectedSlot = m_details->slotModel()->rowOfSlot(slot) < 0 ? -1 : slot;
    m_details->selectSlot(m_selectedSlot);
    showTarget();
}

void MemoryPanel::showSelected()
{
    const int index = m_events->indexOfId(m_selectedId);
    m_strip->setSelected(index);
    m_table->selectEvent(index);
    m_details->setEvent(index < 0 ? std::nullopt
                                  : std::optional(m_events->events()[static_cast<size_t>(index)]));
    m_similarity->map()->setSelected(m_selectedId);
    selectSlot(m_selectedSlot); // its row, if it is still there
    if (isVisible() && index >= 0) m_namesTimer.start();
    enableActions();
}

void MemoryPanel::showCounts()
{
    showTiers();
    const MemoryStatus status = m_status.value_or(MemoryStatus{});
    m_bar->setStatus(status);
    m_occupancy->setText(occupancyText(status));
    m_counts->setText(countsText(status));
    m_refusal->setText(refusalText(status));
    m_refusal->setVisible(!m_refusal->text().isEmpty());
    m_note->setText(m_status ? m_memoryNote : QString());
    m_note->setVisible(!m_note->text().isEmpty());
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
    showTraining();
    showEmptyState();
    m_asOf->setText(m_feed->isEditing()            ? tr("changing…")
                    : m_feed->isAsking()           ? tr("asking…")
                    : m_answeredAt > 0 && m_status ? tr("as of %1").arg(ui::clockTimeText(m_answeredAt))
                                                   : QString());
    m_refresh->setToolTip(tr("Ask the model again (F5)") + (m_asOf->text().isEmpty() ? QString() : u'\n' + m_asOf->text()));
    const bool hasModel =
        !m_feed->model().isEmpty() && m_session.connectionState() == ui::ConnectionState::Connected;
    m_reads->setState(hasModel, m_feed->isLooking(), m_feed->isReading(),
                      m_status && m_events->events().empty());
    m_refresh->setEnabled(hasModel);
    m_details->setBusy(m_feed->isEditing());
    m_whatIf->setState(hasModel, m_preview->isAsking(), m_feed->isEditing());
    m_similarity->setAsking(m_feed->isComparing());
    setSummary(m_status ? occupancyText(*m_status) + u". "_s + m_strip->summary()
                        : m_empty->accessibleName() + u": "_s + m_empty->accessibleDescription());
    enableActions();
    showProgress();
}

void MemoryPanel::showEmptyState()
{
    const bool isConnected = m_session.connectionState() == ui::ConnectionState::Connected;
    const bool hasEvents = !m_events->events().empty();
    const bool hasModel = !m_feed->model().isEmpty();
    m_left->setCurrentIndex(hasEvents ? 0 : 1);
    m_cards->setVisible(hasModel);
    // Without events there is none to be looked at or changed; what was read can be asked of any model.
    const bool isReading = m_tabs->current() == u"reads";
    m_side->setVisible(hasEvents || (hasModel && isConnected && isReading));
    arrangeEmpty();
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
        m_emptyRead->setText(tr("See what it reads"));
        canRead = canAsk = true;
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
        m_emptyRead->setText(tr("Let it read a text"));
        canRead = canAsk = true;
    }
    m_emptyOpen->setVisible(canOpen);
    m_emptyRead->setVisible(canRead && !isReading);
    m_emptyAgain->setVisible(canAsk);
}

QVariantMap MemoryPanel::saveState() const
{
    const qint64 wanted = m_selectedId > 0 ? m_selectedId : m_wantedId;
    return {{u"model"_s, m_feed->model()},
            {u"prompt"_s, m_reads->prompt()},
            {u"ask"_s, m_whatIf->hasOwnPrompt() ? m_whatIf->prompt() : QString()},
            {u"filter"_s, m_filter->text()},
            {u"event"_s, wanted > 0 ? QString::number(wanted) : QString()},
            {u"view"_s, m_views->current()},
            {u"order"_s, m_similarity->order()},
            {u"tab"_s, m_tabs->current()},
            {u"reads"_s, m_reads->page()}};
}

void MemoryPanel::restoreState(const QVariantMap &state)
{
    if (const QString model = state.value(u"model"_s).toString(); !model.isEmpty()) {
        setModel(model);
        m_isRestored = true;
    }
    m_reads->setPrompt(state.value(u"prompt"_s).toString());
    m_reads->setPage(state.value(u"reads"_s).toString());
    if (const QString ask = state.value(u"ask"_s).toString(); !ask.isEmpty()) m_whatIf->setPrompt(ask);
    m_filter->setText(state.value(u"filter"_s).toString());
    m_wantedId = state.value(u"event"_s).toLongLong();
    m_similarity->setOrder(state.value(u"order"_s).toString());
    for (const auto &[choice, key] : {std::pair(m_views, u"view"_s), {m_tabs, u"tab"_s}})
        if (QAbstractButton *button = choice->button(state.value(key).toString())) button->click();
    if (m_events->indexOfId(m_wantedId) >= 0) selectEvent(std::exchange(m_wantedId, 0));
}

void MemoryPanel::showEvent(QShowEvent *event)
{
    PanelFrame::showEvent(event);
    if (event->spontaneous()) return;
    watchTraining();
    refresh();
    lookAtFocus();
    if (m_selectedId > 0) m_namesTimer.start();
}

void MemoryPanel::hideEvent(QHideEvent *event)
{
    PanelFrame::hideEvent(event);
    watchTraining();
}

void MemoryPanel::resizeEvent(QResizeEvent *event)
{
    PanelFrame::resizeEvent(event);
    arrange();
    arrangeEmpty();
}

/// In a wide and low dock side by side: no action may have to be scrolled to.
void MemoryPanel::arrangeEmpty()
{
    const bool isRow = width() >= kMinTwoColumns && height() < kLowPanel && m_side->isHidden();
    auto *parts = static_cast<QBoxLayout *>(m_empty->layout());
    parts->setDirection(isRow ? QBoxLayout::LeftToRight : QBoxLayout::TopToBottom);
    m_column->setSpacing(isRow ? ui::space::kHalf : ui::space::kOne);
    // Before and behind the title, the sentence and the buttons is what is to spare; in a row the words need it more.
    constexpr std::array kColumn = {2, 0, 0, 0, 3}, kRow = {1, 28, 60, 0, 1};
    for (int i = 0; i < std::min(parts->count(), int(kRow.size())); ++i)
        parts->setStretch(i, (isRow ? kRow : kColumn)[size_t(i)]);
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
    // A wide dock is often a low one: the model is chosen in the title's place.
    if (isNarrow)
        m_column->insertWidget(0, m_chooserBox);
    else
        m_titleSlot->layout()->addWidget(m_chooserBox);
    m_asOf->setVisible(!isNarrow); // the hover of the button behind it says it, too
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
    // No focus proxy: Tab would go by way of the panel to the table, and over all that stands before it.
    if (event->type() == QEvent::FocusIn) m_table->setFocus(static_cast<QFocusEvent *>(event)->reason());
    return PanelFrame::event(event);
}

void MemoryPanel::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_F5) return refresh();
    if (event->matches(QKeySequence::Undo)) return undo();
    if (event->matches(QKeySequence::Redo)) return redo();
    if (event->key() == Qt::Key_Escape && m_preview->isAsking()) return m_preview->cancel();
    if (event->key() == Qt::Key_Escape && m_feed->isLooking()) return m_feed->cancelLook();
    if (event->key() == Qt::Key_Escape && m_selectedSlot >= 0) return selectSlot(-1);
    if (event->key() == Qt::Key_Escape && !m_filter->text().isEmpty()) return m_filter->clear();
    PanelFrame::keyPressEvent(event);
}

} // namespace orrery::memory_ui
