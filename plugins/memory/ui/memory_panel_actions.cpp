// SPDX-License-Identifier: GPL-3.0-or-later
// What can be done with the events: copy, export, commands for a terminal, pin and forget by key, files of
// the memory as a whole.
#include "plugins/memory/ui/event_details.h"
#include "plugins/memory/ui/memory_export.h"
#include "plugins/memory/ui/memory_feed.h"
#include "plugins/memory/ui/memory_figure.h"
#include "plugins/memory/ui/memory_model.h"
#include "plugins/memory/ui/memory_panel.h"
#include "plugins/memory/ui/memory_strip.h"
#include "plugins/memory/ui/memory_table.h"
#include "plugins/memory/ui/reads_pane.h"
#include "plugins/memory/ui/similarity_export.h"
#include "plugins/memory/ui/similarity_page.h"
#include "plugins/memory/ui/what_if_pane.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"
#include "widgets/common/plain_tool_tip.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/play/model_chooser.h"

#include <QAction>
#include <QMessageBox>
#include <QPushButton>
#include <QToolButton>

using namespace Qt::StringLiterals;

namespace orrery::memory_ui {
namespace {

constexpr qsizetype kMaxNameOnButton = 40;

} // namespace

void MemoryPanel::makeActions()
{
    const auto make = [this](const QString &name, const QString &text, auto action) {
        auto *made = new QAction(text, this);
        made->setObjectName(name);
        connect(made, &QAction::triggered, this, action);
        return made;
    };
    m_pinAction = make(u"pinAction"_s, tr("Pin"), [this] {
        const auto &event = m_details->event();
        if (event) pin(event->id, !event->isPinned);
    });
    m_pinAction->setShortcut(Qt::Key_P);
    m_forgetEventAction = make(u"forgetEventAction"_s, tr("Forget this event"), [this] {
        if (m_details->event()) apply({.verb = MemoryVerb::Forget, .event = m_details->event()->id});
    });
    m_forgetEventAction->setShortcut(Qt::Key_Delete);
    m_pinCommand = make(u"copyPinCommand"_s, tr("Copy as command: pin"), [this] {
        const auto &event = m_details->event();
        if (event) ui::copyToClipboard(pinCommand(remembering(), event->id, !event->isPinned));
    });
    m_forgetCommand = make(u"copyForgetCommand"_s, tr("Copy as command: forget the source"), [this] {
        const auto &event = m_details->event();
        if (event) ui::copyToClipboard(forgetCommand(remembering(), ui::fromStd(event->source)));
    });
    m_learnCommand = make(u"copyLearnCommand"_s, tr("Copy as command: learn the memory"),
                          [this] { ui::copyToClipboard(learnCommand(remembering(), proposedModelFolder())); });
    for (QAction *action : {m_pinAction, m_forgetEventAction}) action->setShortcutContext(Qt::WidgetShortcut);
    m_saveState =
        make(u"saveMemory"_s, tr("Save this memory…"), [this] { askForFile(StateFileDialog::Kind::Save); });
    m_loadState =
        make(u"loadMemory"_s, tr("Load a memory…"), [this] { askForFile(StateFileDialog::Kind::Load); });
    m_consolidate = make(u"consolidateMemory"_s, tr("Consolidate…"), [this] { askToConsolidate(); });
    addAction(m_consolidate); // the window's palette lists it
}

void MemoryPanel::makeTools()
{
    auto *copy = new QAction(tr("Copy event"), m_table);
    copy->setShortcut(QKeySequence::Copy);
    copy->setShortcutContext(Qt::WidgetShortcut);
    connect(copy, &QAction::triggered, this, [this] {
        if (m_details->event()) ui::copyToClipboard(m_details->text());
    });
    auto *forgetAction = new QAction(tr("Forget the source…"), m_table);
    forgetAction->setObjectName(u"forgetAction"_s);
    connect(forgetAction, &QAction::triggered, this, [this] {
        if (m_details->event()) askToForget(ui::fromStd(m_details->event()->source));
    });
    for (QWidget *view : {static_cast<QWidget *>(m_table), static_cast<QWidget *>(m_strip)}) {
        view->addActions({m_pinAction, m_forgetEventAction, copy, forgetAction, m_consolidate, m_pinCommand, m_forgetCommand,
                          m_learnCommand});
        view->setContextMenuPolicy(Qt::ActionsContextMenu);
    }
    setExport({.fileName = tr("memory"),
               .figures = {u"svg"_s, u"pdf"_s, u"png"_s},
               .data = {u"csv"_s, u"json"_s},
               .save = [this](const QString &path) { return saveAs(path); },
               .image = [this] { return figure(); },
               .table = [this] { return exportedEvents(shownEvents(), ExportFormat::Csv); },
               .isEmpty = [this] { return m_events->rowCount() == 0; }});
    setView({.panel = u"memory"_s,
             .state = [this] { return saveState(); },
             .restore = [this](const QVariantMap &state) { restoreState(state); }});
    setCommand([this]() -> QString {
        if (model().isEmpty()) return {};
        const QString tab = m_tabs->current();
        if (tab == u"whatif" && m_whatIf->edit() && !m_whatIf->prompt().isEmpty())
            return lookCommand(remembering(), m_whatIf->prompt(), {*m_whatIf->edit()});
        if (tab == u"reads" && !m_reads->prompt().isEmpty()) return lookCommand(remembering(), m_reads->prompt());
        if (m_views->current() == u"likeness") return similarityCommand(remembering(), SimilarityPage::kMaxEvents);
        return listCommand(remembering());
    });
    setHelp(
        tr("An event is a stretch of text that left the model's window and is remembered: its keys say by "
           "what it is found, its values what a read of it gives. Blocks in the strip are as high as an "
           "event was used of late; where there is room, the line over them is how surprising each token "
           "was. “What if” compares what the model would say next without an event, or with it weaker or "
           "stronger, before anything is changed."));
}

void MemoryPanel::enableActions()
{
    const auto &event = m_details->event();
    const bool isFree = !m_feed->isEditing();
    const bool hasModel =
        !m_feed->model().isEmpty() && m_session.connectionState() == ui::ConnectionState::Connected;
    for (QAction *action : m_table->actions()) action->setEnabled(event && isFree);
    m_pinAction->setText(event && event->isPinned ? tr("Unpin") : tr("Pin"));
    m_pinCommand->setText(event && event->isPinned ? tr("Copy as command: unpin")
                                                   : tr("Copy as command: pin"));
    const QString meaning = m_memoryFile.isEmpty()
                                ? tr("For a terminal; it works on the memory that is saved with the model")
                                : tr("For a terminal; it works on the memory in %1").arg(m_memoryFile);
    for (QAction *action : {m_pinCommand, m_forgetCommand}) action->setToolTip(ui::plainToolTip(meaning));
    enableConsolidation();
    const bool canLearn = m_tiers.semanticSize != 0; // below 0: not known
    m_learnCommand->setEnabled(isFree && canLearn && m_events->rowCount() > 0);
    m_learnCommand->setToolTip(ui::plainToolTip(
        canLearn ? tr("The semantic memory learns what is remembered; a new model beside this one. %1").arg(meaning)
                 : whyNothingIsLearned()));
    m_saveState->setEnabled(hasModel && isFree && m_status);
    m_loadState->setEnabled(hasModel && isFree && !m_noMemory);
    m_file->setEnabled(m_saveState->isEnabled() || m_loadState->isEnabled() || m_consolidate->isEnabled());
    m_undo->setEnabled(isFree && canUndo());
    m_undo->setToolTip(undoTip());
    m_undo->setAccessibleName(undoTip());
}

Result<void> MemoryPanel::saveAs(const QString &path)
{
    if (path.endsWith(u".json", Qt::CaseInsensitive))
        return writeExport(path, shownEvents(), ExportFormat::Json);
    if (path.endsWith(u".csv", Qt::CaseInsensitive))
        return writeExport(path, shownEvents(), ExportFormat::Csv);
    if (m_views->current() == u"likeness") return saveSimilarity(*m_similarity->map(), path);
    return saveMemoryFigure(shownFigure(), path);
}

QImage MemoryPanel::figure() const
{
    return m_views->current() == u"likeness" ? similarityFigure(*m_similarity->map()) : memoryImage(shownFigure());
}

void MemoryPanel::askForFile(StateFileDialog::Kind kind)
{
    if (m_question || m_feed->isEditing()) return;
    const auto numEvents = static_cast<qint64>(m_events->events().size());
    const QString replaced = numEvents == 0 ? QString() : tr("%1 events").arg(ui::integerText(numEvents));
    auto *dialog = new StateFileDialog(kind, m_chooser->modelTitle(), replaced, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setPath(proposedMemoryFile(m_session.engine().home, model()));
    connect(dialog, &StateFileDialog::pathChosen, this, [this, kind](const QString &path) {
        if (m_feed->isEditing()) return;
        m_feed->ask({.verb = kind == StateFileDialog::Kind::Save ? MemoryVerb::Save : MemoryVerb::Load,
                     .path = ui::toStd(path)});
    });
    m_question = dialog;
    dialog->open();
}

std::vector<MemoryEvent> MemoryPanel::shownEvents() const
{
    std::vector<MemoryEvent> events;
    events.reserve(static_cast<size_t>(m_events->rowCount()));
    for (int row = 0; row < m_events->rowCount(); ++row) events.push_back(m_events->event(row));
    return events;
}

void MemoryPanel::askToForget(const QString &source)
{
    if (m_question || m_feed->isEditing()) return;
    const std::string name = ui::toStd(source);
    qint64 numEvents = 0, numSlots = 0, numPinned = 0;
    for (const MemoryEvent &event : m_events->events()) {
        if (!isOfSource(event.source, name)) continue;
        ++numEvents;
        numSlots += event.numSlots;
        numPinned += event.isPinned ? 1 : 0;
    }
    const QString title = sourceSentence(name);
    auto *question = new QMessageBox(QMessageBox::Warning, tr("Forget a source"), tr("Forget %1?").arg(title),
                                     QMessageBox::Cancel, this);
    question->setInformativeText(
        tr("%1 events with %2 slots, %3 of them pinned, leave the memory of %4. This cannot be undone.")
            .arg(ui::integerText(numEvents), ui::integerText(numSlots), ui::integerText(numPinned), model()));
    question->setTextFormat(Qt::PlainText);
    question->setObjectName(u"forgetQuestion"_s);
    question->setAttribute(Qt::WA_DeleteOnClose);
    QPushButton *confirm = question->addButton(
        tr("Forget %1")
            .arg(title.size() > kMaxNameOnButton ? title.left(kMaxNameOnButton - 1) + u'…' : title),
        QMessageBox::DestructiveRole);
    confirm->setObjectName(u"confirmForget"_s);
    confirm->setProperty("danger", true);
    question->setDefaultButton(QMessageBox::Cancel);
    connect(confirm, &QPushButton::clicked, this, [this, source] { forget(source); });
    m_question = question;
    question->open();
}

} // namespace orrery::memory_ui
