// SPDX-License-Identifier: GPL-3.0-or-later
// What can be done with the events: copy, export, commands for a terminal, pin by key, forget after a
// question.
#include "plugins/memory/ui/event_details.h"
#include "plugins/memory/ui/memory_feed.h"
#include "plugins/memory/ui/memory_model.h"
#include "plugins/memory/ui/memory_panel.h"
#include "plugins/memory/ui/memory_strip.h"
#include "plugins/memory/ui/memory_table.h"
#include "widgets/common/banner.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"

#include <QAction>
#include <QCoreApplication>
#include <QFileDialog>
#include <QMenu>
#include <QMessageBox>
#include <QPushButton>
#include <QThreadPool>
#include <QToolButton>

using namespace Qt::StringLiterals;

namespace orrery::memory_ui {
namespace {

constexpr qsizetype kMaxNameOnButton = 40;

/// 100,000 events take longer than a click may: the work is done beside the window, the end of it on the GUI
/// thread, where the panel may be gone by then.
template <typename Work, typename End> void runBeside(MemoryPanel *panel, Work work, End end)
{
    QThreadPool::globalInstance()->start(
        [panel = QPointer<MemoryPanel>(panel), work = std::move(work), end = std::move(end)] {
            auto result = work();
            QMetaObject::invokeMethod(
                qApp,
                [panel, result = std::move(result), end] {
                    if (panel) end(result);
                },
                Qt::QueuedConnection);
        });
}

} // namespace

void MemoryPanel::makeCopyMenu()
{
    auto *menu = new QMenu(m_copy);
    menu->setObjectName(u"copyMemoryMenu"_s);
    menu->setToolTipsVisible(true);
    const auto add = [&](const QString &name, const QString &text, auto action) {
        QAction *made = menu->addAction(text);
        made->setObjectName(name);
        connect(made, &QAction::triggered, this, action);
        return made;
    };
    m_exportActions << add(u"copyText"_s, tr("Copy as text"), [this] { copyAs(ExportFormat::Text); })
                    << add(u"copyCsv"_s, tr("Copy as CSV"), [this] { copyAs(ExportFormat::Csv); })
                    << add(u"copyJson"_s, tr("Copy as JSON"), [this] { copyAs(ExportFormat::Json); })
                    << add(u"exportCsv"_s, tr("Export CSV…"), [this] { chooseExportPath(); });
    for (QAction *action : std::as_const(m_exportActions))
        action->setToolTip(tr("The events that are shown, in their order"));
    menu->addSeparator();
    const QString meaning = tr("For a terminal; it works on the memory that is saved with the model");
    add(u"copyListCommand"_s, tr("Copy as command: list"), [this] {
        ui::copyToClipboard(listCommand(model()));
    })->setToolTip(meaning);
    m_pinCommand = add(u"copyPinCommand"_s, tr("Copy as command: pin"), [this] {
        const auto &event = m_details->event();
        if (event) ui::copyToClipboard(pinCommand(model(), event->id, !event->isPinned));
    });
    m_pinCommand->setToolTip(meaning);
    m_forgetCommand = add(u"copyForgetCommand"_s, tr("Copy as command: forget"), [this] {
        const auto &event = m_details->event();
        if (event) ui::copyToClipboard(forgetCommand(model(), ui::fromStd(event->source)));
    });
    m_forgetCommand->setToolTip(meaning);
    m_copy->setMenu(menu);

    m_pinAction = new QAction(tr("Pin"), this);
    m_pinAction->setObjectName(u"pinAction"_s);
    m_pinAction->setShortcut(Qt::Key_P);
    m_pinAction->setShortcutContext(Qt::WidgetShortcut);
    connect(m_pinAction, &QAction::triggered, this, [this] {
        const auto &event = m_details->event();
        if (event) pin(event->id, !event->isPinned);
    });
}

void MemoryPanel::enableActions()
{
    const auto &event = m_details->event();
    const bool isFree = !m_feed->isEditing();
    if (m_table->actions().isEmpty()) {
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
            view->addActions({m_pinAction, copy, forgetAction});
            view->setContextMenuPolicy(Qt::ActionsContextMenu);
        }
    }
    for (QAction *action : m_table->actions()) action->setEnabled(event && isFree);
    m_pinAction->setText(event && event->isPinned ? tr("Unpin") : tr("Pin"));
    m_pinCommand->setText(event && event->isPinned ? tr("Copy as command: unpin")
                                                   : tr("Copy as command: pin"));
    m_pinCommand->setEnabled(event.has_value());
    m_forgetCommand->setEnabled(event.has_value());
    for (QAction *action : std::as_const(m_exportActions)) action->setEnabled(m_events->rowCount() > 0);
    m_copy->setEnabled(!model().isEmpty());
    m_undo->setEnabled(isFree && canUndo());
    const QString what =
        !canUndo() ? tr("Undo the last pin or unpin (Ctrl+Z)")
        : m_done.back().isPinned
            ? tr("Undo: unpin event %1 (Ctrl+Z)").arg(ui::integerText(m_done.back().event))
            : tr("Undo: pin event %1 again (Ctrl+Z)").arg(ui::integerText(m_done.back().event));
    m_undo->setToolTip(what);
    m_undo->setAccessibleName(what);
}

std::vector<MemoryEvent> MemoryPanel::shownEvents() const
{
    std::vector<MemoryEvent> events;
    events.reserve(static_cast<size_t>(m_events->rowCount()));
    for (int row = 0; row < m_events->rowCount(); ++row) events.push_back(m_events->event(row));
    return events;
}

void MemoryPanel::copyAs(ExportFormat format)
{
    runBeside(
        this, [events = shownEvents(), format] { return exportedEvents(events, format); },
        [](const QString &text) { ui::copyToClipboard(text); });
}

void MemoryPanel::exportTo(const QString &path, ExportFormat format)
{
    runBeside(
        this,
        [events = shownEvents(), path, format] {
            const Result<void> written = writeExport(path, events, format);
            return written.ok() ? std::optional<Error>() : std::optional(written.error());
        },
        [this, path](const std::optional<Error> &error) {
            if (error)
                banner()->showError(*error);
            else
                banner()->showMessage(ui::BannerKind::Info, tr("Exported to %1.").arg(path));
            Q_EMIT exported(path);
        });
}

void MemoryPanel::chooseExportPath()
{
    auto *dialog = new QFileDialog(this, tr("Export events as CSV"));
    dialog->setObjectName(u"exportDialog"_s);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(u"csv"_s);
    dialog->setNameFilter(tr("Tables (*.csv)"));
    dialog->selectFile(u"memory.csv"_s);
    connect(dialog, &QFileDialog::fileSelected, this,
            [this](const QString &path) { exportTo(path, ExportFormat::Csv); });
    dialog->open();
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
