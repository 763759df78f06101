// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/panel_tools.h"

#include "widgets/common/action_registry.h"
#include "widgets/common/help_popover.h"
#include "widgets/common/quiet_button.h"

#include <QAction>
#include <QApplication>
#include <QEvent>
#include <QHBoxLayout>
#include <QMenu>
#include <QShortcut>
#include <QToolButton>

#include <algorithm>
#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kRefreshMs = 2'000; ///< how late a button may see that there is something to take along

/// The innermost panel around a widget that has a help.
PanelTools *toolsWithHelp(QWidget *widget)
{
    for (; widget; widget = widget->parentWidget())
        if (auto *frame = qobject_cast<PanelFrame *>(widget))
            if (PanelTools *tools = PanelTools::of(*frame); tools && !tools->help().isEmpty()) return tools;
    return nullptr;
}

} // namespace

PanelTools::PanelTools(PanelFrame &frame) : QWidget(&frame), m_frame(frame), m_menu(new QMenu(this))
{
    setObjectName(u"panelTools"_s);
    m_showHelp = addEntry(u"panelHelp"_s, tr("Help on this panel"), u"help"_s);
    m_copyLink = addEntry(u"panelCopyLink"_s, tr("Copy a link to this view"), u"link"_s);
    m_copyCommand = addEntry(u"panelCopyCommand"_s, tr("Copy as command"), u"terminal"_s);
    m_saveFigure = addEntry(u"panelSaveFigure"_s, tr("Save figure…"), {});
    m_saveData = addEntry(u"panelSaveData"_s, tr("Save data…"), {});
    m_copyFigure = addEntry(u"panelCopyFigure"_s, tr("Copy figure"), {});
    m_copyData = addEntry(u"panelCopyData"_s, tr("Copy data"), {});
    connect(m_showHelp, &QAction::triggered, this, &PanelTools::showHelp);
    connect(m_copyLink, &QAction::triggered, this, &PanelTools::copyLink);
    connect(m_copyCommand, &QAction::triggered, this, &PanelTools::copyCommand);
    connect(m_saveFigure, &QAction::triggered, this,
            [this] { askForPath(m_export.figures, tr("Save figure")); });
    connect(m_saveData, &QAction::triggered, this, [this] { askForPath(m_export.data, tr("Save data")); });
    connect(m_copyFigure, &QAction::triggered, this, &PanelTools::copyFigure);
    connect(m_copyData, &QAction::triggered, this, &PanelTools::copyData);

    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->setSizeConstraint(QLayout::SetNoConstraint); // else its minimum is that of all buttons
    layout->addStretch(1);
    setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Preferred); // what is to spare is the panel's
    m_helpButton = addButton(m_showHelp, u"panelHelpButton"_s);
    m_helpButton->setToolTip(tr("Help on this panel (F1)"));
    m_linkButton = addButton(m_copyLink, u"panelLinkButton"_s);
    m_commandButton = addButton(m_copyCommand, u"panelCommandButton"_s);
    m_exportButton = makeButton(u"panelExportButton"_s);
    m_exportButton->setToolTip(tr("Save or copy what is shown"));
    m_exportButton->setAccessibleName(m_exportButton->toolTip());
    bindIcon(m_exportButton, u"export"_s);
    m_exportButton->setMenu(m_menu);
    connect(
        m_menu, &QMenu::aboutToHide, this,
        [this] {
            if (!isNear()) forget();
        },
        Qt::QueuedConnection); // by then it is hidden
    m_exportButton->setPopupMode(QToolButton::InstantPopup);
    m_menu->setToolTipsVisible(true);
    m_menu->setAccessibleName(tr("Save or copy what is shown"));
    fillMenu();

    connect(m_menu, &QMenu::aboutToShow, this, &PanelTools::refresh);
    m_refreshTimer.setSingleShot(true);
    connect(&m_refreshTimer, &QTimer::timeout, this, [this] {
        if (!isNear()) return forget();
        refresh();
        if (m_frame.underMouse()) scheduleRefresh();
    });
    // The keyboard passes over buttons that are disabled.
    connect(qApp, &QApplication::focusChanged, this, [this](QWidget *, QWidget *now) {
        if (now && (now == &m_frame || m_frame.isAncestorOf(now)))
            scheduleRefresh();
        else if (!isNear())
            forget();
    });
    m_frame.installEventFilter(this);
}

PanelTools *PanelTools::of(const PanelFrame &frame)
{
    for (PanelTools *tools : frame.findChildren<PanelTools *>(u"panelTools"_s))
        if (&tools->m_frame == &frame) return tools;
    return nullptr;
}

QAction *PanelTools::addEntry(const QString &name, const QString &text, const QString &icon)
{
    auto *action = new QAction(text, this);
    action->setObjectName(name);
    if (!icon.isEmpty()) bindIcon(action, icon);
    action->setVisible(false); // until the panel sets what it is for
    m_frame.addAction(action);
    return action;
}

QToolButton *PanelTools::addButton(QAction *action, const QString &name)
{
    QToolButton *button = makeButton(name);
    button->setDefaultAction(action);
    button->setToolButtonStyle(Qt::ToolButtonIconOnly);
    button->setAccessibleName(action->text());
    return button;
}

QToolButton *PanelTools::makeButton(const QString &name)
{
    auto *button = new QuietButton(this);
    button->setObjectName(name);
    layout()->addWidget(button);
    button->hide();
    return button;
}

void PanelTools::setExport(const PanelExport &what)
{
    m_export = what;
    m_hasExport = true;
    for (QAction *action : {m_saveFigure, m_saveData, m_copyFigure, m_copyData}) action->setVisible(true);
    fillMenu();
}

void PanelTools::setHasLink()
{
    m_hasLink = true;
    m_copyLink->setVisible(true);
    fillMenu();
}

void PanelTools::setHasCommand()
{
    m_hasCommand = true;
    m_copyCommand->setVisible(true);
    fillMenu();
}

void PanelTools::setHelp(const QString &text)
{
    if (m_help.isEmpty() && !text.isEmpty()) {
        // Panels stand in panels: then Qt calls the key ambiguous, and the innermost one answers.
        auto *key = new QShortcut(QKeySequence(Qt::Key_F1), &m_frame);
        key->setContext(Qt::WidgetWithChildrenShortcut);
        const auto answer = [this] {
            PanelTools *tools = toolsWithHelp(QApplication::focusWidget());
            (tools ? tools : this)->showHelp();
        };
        connect(key, &QShortcut::activated, this, answer);
        connect(key, &QShortcut::activatedAmbiguously, this, answer);
    }
    m_help = text;
    m_showHelp->setVisible(!text.isEmpty());
    fillMenu();
}

int PanelTools::widthOf(std::initializer_list<bool> buttons) const
{
    // All have an icon of one size.
    return int(std::ranges::count(buttons, true)) * m_exportButton->sizeHint().width();
}

// Neither depends on whether it is compact now: what is hidden for want of room comes back when there is
// some.
QSize PanelTools::sizeHint() const
{
    return {widthOf({!m_help.isEmpty(), m_hasLink, m_hasCommand, m_hasExport}),
            m_exportButton->sizeHint().height()};
}

QSize PanelTools::minimumSizeHint() const
{
    return {widthOf({!m_help.isEmpty(), m_hasExport || m_hasLink || m_hasCommand}),
            m_exportButton->sizeHint().height()};
}

void PanelTools::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    const bool isCompact = width() < sizeHint().width();
    if (isCompact == m_isCompact) return;
    m_isCompact = isCompact;
    fillMenu();
    // Qt has placed all buttons in the new width before it told of it.
    layout()->invalidate();
    layout()->setGeometry(contentsRect());
}

void PanelTools::fillMenu()
{
    m_menu->clear();
    if (m_hasExport) {
        m_menu->addActions({m_saveFigure, m_saveData});
        m_menu->addSeparator();
        m_menu->addActions({m_copyFigure, m_copyData});
    }
    if (m_isCompact && (m_hasLink || m_hasCommand)) {
        m_menu->addSeparator();
        if (m_hasLink) m_menu->addAction(m_copyLink);
        if (m_hasCommand) m_menu->addAction(m_copyCommand);
    }
    m_helpButton->setVisible(!m_help.isEmpty());
    m_linkButton->setVisible(m_hasLink && !m_isCompact);
    m_commandButton->setVisible(m_hasCommand && !m_isCompact);
    m_exportButton->setVisible(m_hasExport || (m_isCompact && (m_hasLink || m_hasCommand)));
    updateGeometry();
    if (isNear())
        refresh();
    else
        forget();
}

PanelTools::~PanelTools() { disconnect(qApp, nullptr, this, nullptr); }

bool PanelTools::isNear() const
{
    if (!m_frame.isVisible()) return false;
    if (m_menu->isVisible()) return true; // its entries keep their reasons under the pointer
    const QWidget *focus = QApplication::focusWidget();
    return m_frame.underMouse() || (focus && (focus == &m_frame || m_frame.isAncestorOf(focus)));
}

void PanelTools::forget()
{
    m_refreshTimer.stop();
    if (!std::exchange(m_isKnown, false)) return;
    for (QAction *action : {m_saveFigure, m_saveData, m_copyFigure, m_copyData, m_copyCommand})
        setDisabledReason(*action, {});
    m_exportButton->setEnabled(true);
    m_exportButton->setToolTip(tr("Save or copy what is shown"));
}

void PanelTools::scheduleRefresh()
{
    if (!isNear() || m_refreshTimer.isActive()) return;
    const qint64 since = m_sinceRefresh.isValid() ? m_sinceRefresh.elapsed() : kRefreshMs;
    m_refreshTimer.start(int(std::clamp<qint64>(kRefreshMs - since, 0, kRefreshMs)));
}

void PanelTools::enterEvent(QEnterEvent *event)
{
    QWidget::enterEvent(event);
    refresh();
}

void PanelTools::refresh()
{
    m_sinceRefresh.start();
    m_isKnown = true;
    setReasons();
    const bool canDo =
        m_menu->actions().isEmpty() || std::ranges::any_of(m_menu->actions(), [](const QAction *action) {
            return !action->isSeparator() && action->isEnabled();
        });
    m_exportButton->setEnabled(canDo);
    m_exportButton->setToolTip(canDo ? tr("Save or copy what is shown")
                                     : tr("Save or copy what is shown") + u'\n' +
                                           disabledReason(*m_menu->actions().constFirst()));
    if (m_frame.isVisible() && !isNear()) m_refreshTimer.start(kRefreshMs); // then it is forgotten
    if (m_helpButton->toolTip() != tr("Help on this panel (F1)"))
        m_helpButton->setToolTip(tr("Help on this panel (F1)"));
}

void PanelTools::setReasons()
{
    if (m_hasExport) {
        const bool isEmpty = m_export.isEmpty && m_export.isEmpty();
        const auto say = [isEmpty](QAction *action, bool canEver, const QString &never) {
            setDisabledReason(*action, !canEver ? never : isEmpty ? tr("Nothing is shown yet.") : QString());
        };
        const QString noFigure = tr("This panel has no figure."),
                      noData = tr("This panel has no data of its own.");
        say(m_saveFigure, m_export.save && !m_export.figures.isEmpty(), noFigure);
        say(m_saveData, m_export.save && !m_export.data.isEmpty(), noData);
        say(m_copyFigure, bool(m_export.image), noFigure);
        say(m_copyData, bool(m_export.table), noData);
    }
    if (m_hasCommand)
        setDisabledReason(*m_copyCommand, m_frame.commandText().isEmpty() ? noCommandText() : QString());
}

void PanelTools::showHelp()
{
    if (m_help.isEmpty()) return;
    if (m_popover) {
        m_popover->close();
        return;
    }
    const QString title = m_frame.title().isEmpty() ? m_frame.accessibleName() : m_frame.title();
    auto *popover = new HelpPopover(title, m_help, this);
    m_popover = popover;
    popover->showUnder(*m_helpButton);
}

bool PanelTools::eventFilter(QObject *watched, QEvent *event)
{
    switch (event->type()) {
    case QEvent::Show:
    case QEvent::Enter:
        scheduleRefresh();
        break;
    case QEvent::Leave:
        if (!isNear()) forget();
        break;
    case QEvent::Hide:
        m_refreshTimer.stop();
        break;
    default:
        break;
    }
    return QWidget::eventFilter(watched, event);
}

} // namespace orrery::ui
