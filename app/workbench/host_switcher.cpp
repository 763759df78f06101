// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/host_switcher.h"

#include "app/workbench/connections_dialog.h"
#include "app/workbench/loss_text.h"
#include "app/workbench/main_window.h"
#include "app/workbench/rpc_session.h"
#include "app/workbench/silence_notice.h"
#include "app/workbench/status_line.h"
#include "app/workbench/welcome_card.h"
#include "widgets/common/banner.h"
#include "widgets/common/command_host.h"
#include "widgets/common/number_text.h"
#include "widgets/form/new_run_panel.h"
#include "widgets/theme/theme.h"

#include <QActionGroup>
#include <QMenu>
#include <QMenuBar>
#include <QSettings>
#include <QToolButton>
#include <QtConcurrentRun>

#include <cmath>

using namespace Qt::StringLiterals;

namespace orrery::ui {

namespace {

const QString kLastHost = u"connection/last"_s;

/// Where the draft of a new run for a host is kept: its paths are that machine's.
QString draftKey(const QString &host) { return u"hosts/"_s + (host.isEmpty() ? u"local"_s : QString::fromLatin1(host.toUtf8().toHex())) + u"/newRun"_s; }

} // namespace

Result<std::optional<Connection>> hostToBeginWith(const ConnectionBook &book, const QString &given, const QSettings &settings)
{
    const QString name = given.isEmpty() ? settings.value(kLastHost).toString() : given;
    if (name.isEmpty() || name == u"local"_s) return std::optional<Connection>();
    auto found = book.find(name.toStdString());
    if (found) return std::optional<Connection>(std::move(*found));
    // One that was removed since is no reason not to begin.
    if (given.isEmpty()) return std::optional<Connection>();
    return found.error();
}

HostSwitcher::HostSwitcher(MainWindow &window, RpcSession &session, QSettings &settings, HostConnectOptions local, ConnectionBook book)
    : QObject(&window), m_window(window), m_session(session), m_settings(settings), m_local(std::move(local)), m_book(std::move(book))
{
    setCommandHost(session.hostName());
    window.setHost(session.hostName());
    makeMenu();
    m_button = new QToolButton(&window);
    m_button->setObjectName(u"hostButton"_s);
    m_button->setAutoRaise(true);
    m_button->setPopupMode(QToolButton::InstantPopup);
    m_button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_button->setMenu(m_menu);
    if (auto *line = qobject_cast<StatusLine *>(window.statusBar())) line->addPermanentWidget(m_button);
    if (auto *welcome = window.findChild<WelcomeCard *>()) connect(welcome, &WelcomeCard::connectRequested, this, &HostSwitcher::showDialog);
    connect(&session, &RpcSession::connectionChanged, this, [this] {
        refresh();
        tellOfLoss();
    });
    connect(&session, &RpcSession::roundTripChanged, this, &HostSwitcher::refresh);
    connect(&Theme::instance(), &Theme::changed, this, &HostSwitcher::refresh);
    if (auto *banner = window.findChild<Banner *>(u"connectionBanner"_s)) new SilenceNotice(window, session, *banner, m_local, this);
    refresh();
    reloadBook();
}

void HostSwitcher::makeMenu()
{
    m_menu = new QMenu(tr("&Host"), &m_window);
    m_menu->setObjectName(u"hostMenu"_s);
    m_hosts = new QActionGroup(this);
    m_manage = m_window.actionRegistry().make({u"file.hosts"_s, ActionCategory::File, tr("Hosts…"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_H), u"link"_s}, &m_window);
    connect(m_manage, &QAction::triggered, this, &HostSwitcher::showDialog);
    const QList<QAction *> menus = m_window.menuBar()->actions();
    m_window.menuBar()->insertMenu(menus.isEmpty() ? nullptr : menus.last(), m_menu); // before Help
    fillMenu();
}

void HostSwitcher::fillMenu()
{
    qDeleteAll(m_hosts->actions());
    m_menu->clear();
    const auto add = [this](const QString &name, const QString &title, const std::optional<Connection> &connection) {
        QAction *action = m_hosts->addAction(title);
        action->setCheckable(true);
        action->setChecked(name == m_session.hostName());
        connect(action, &QAction::triggered, this, [this, connection] { switchTo(connection); });
        m_menu->addAction(action);
    };
    add({}, tr("This computer"), std::nullopt);
    for (const Connection &connection : m_connections) {
        const QString name = QString::fromStdString(connection.name);
        add(name, QString(name).replace(u'&', u"&&"_s), connection);
    }
    m_menu->addSeparator();
    m_menu->addAction(m_manage);
}

void HostSwitcher::reloadBook()
{
    QtConcurrent::run([book = m_book] { return book.list(); }).then(this, [this](const Result<std::vector<Connection>> &list) {
        if (list) m_connections = *list;
        fillMenu();
    });
}

void HostSwitcher::switchTo(const std::optional<Connection> &connection)
{
    const QString name = connection ? QString::fromStdString(connection->name) : QString();
    const QString before = m_session.hostName();
    m_settings.setValue(kLastHost, name);
    m_window.selectRun({}); // an id says nothing about another host's runs
    m_session.switchTo(connection ? connectOptionsFor(*connection) : m_local, name);
    setCommandHost(name);
    if (name != before) {
        m_settings.setValue(draftKey(before), m_window.newRunPanel().draftJson());
        m_window.newRunPanel().restoreDraft(m_settings.value(draftKey(name), u"{}"_s).toString());
        m_window.leaveHost(name);
    }
    fillMenu();
    if (m_dialog) m_dialog->setCurrentHost(name);
    refresh();
}

void HostSwitcher::showDialog()
{
    if (!m_dialog) {
        m_dialog = new ConnectionsDialog(m_book, m_session.hostName(), &m_window);
        m_dialog->setAttribute(Qt::WA_DeleteOnClose);
        connect(m_dialog, &ConnectionsDialog::bookChanged, this, &HostSwitcher::reloadBook);
        connect(m_dialog, &ConnectionsDialog::connectRequested, this, [this](const std::optional<Connection> &connection) {
            switchTo(connection);
            if (m_dialog) m_dialog->close();
        });
    }
    m_dialog->show();
    m_dialog->raise();
    m_dialog->activateWindow();
}

/// The window's own banner, whose words are those for this computer, with the words for another one.
void HostSwitcher::tellOfLoss()
{
    auto *banner = m_window.findChild<Banner *>(u"connectionBanner"_s);
    if (!banner || m_session.hostName().isEmpty() || m_session.connectionState() != ConnectionState::Lost) return;
    if (m_session.loss().isSilent) return; // the window has said it
    const QString since = sinceText(m_session.loss());
    const QString lost = since.isEmpty() ? tr("The host “%1” cannot be reached.").arg(m_session.hostName())
                                         : tr("The host “%1” cannot be reached %2.").arg(m_session.hostName(), since);
    banner->showMessage(BannerKind::Error,
                        m_session.isRefused() ? tr("The host “%1” cannot be used.").arg(m_session.hostName())
                                              : lost + u' ' + tr("It is tried again by itself; trainings go on there."),
                        m_session.lastError(), tr("Retry"));
}

void HostSwitcher::refresh()
{
    const QString name = m_session.hostName();
    const QString shown = name.isEmpty() ? tr("Local") : name;
    const double roundTrip = m_session.roundTripMs();
    QString text = shown.size() > 24 ? shown.left(23) + u'…' : shown;
    // On this computer the trip is no news.
    if (!name.isEmpty() && std::isfinite(roundTrip)) text += tr(" · %1 ms").arg(fixedText(roundTrip, roundTrip < 10 ? 1 : 0));
    m_button->setText(text);
    QString tip = name.isEmpty() ? tr("The window works with the engine of this computer.") : tr("The window works with the host “%1”.").arg(name);
    const QString note = m_session.engine().note;
    const bool isSilent = m_session.loss().isSilent;
    const bool isWarning = m_session.isRefused() || isSilent || !note.isEmpty();
    if (m_session.isRefused()) tip += u'\n' + m_session.lastError();
    if (isSilent) tip += u'\n' + tr("It does not answer %1.").arg(sinceText(m_session.loss()));
    if (!note.isEmpty()) tip += u'\n' + note;
    m_button->setIcon(Theme::instance().icon(isWarning ? u"warning"_s : u"link"_s));
    m_button->setToolTip(tip);
    m_button->setAccessibleName(tr("Host: %1").arg(isWarning ? shown + u", "_s + tr("needs attention") : shown));
    if (auto *line = qobject_cast<StatusLine *>(m_window.statusBar())) line->setPlace(name);
    for (QAction *action : m_hosts->actions())
        action->setChecked(action == m_hosts->actions().value(0) ? name.isEmpty() : action->text().replace(u"&&"_s, u"&"_s) == name);
}

} // namespace orrery::ui
