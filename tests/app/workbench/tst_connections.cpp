// SPDX-License-Identifier: GPL-3.0-or-later
// The list of hosts in the window: added, compared, tested, chosen, removed and brought back; and what the status line says.
#include "app/workbench/connection_form.h"
#include "app/workbench/connections_dialog.h"
#include "app/workbench/host_switcher.h"
#include "app/workbench/main_window.h"
#include "app/workbench/rpc_session.h"
#include "host_process.h"
#include "tests/support/shaped_proxy.h"
#include "widgets/common/banner.h"
#include "widgets/common/command_host.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/form/new_run_panel.h"
#include "widgets/theme/theme.h"

#include <QAbstractButton>
#include <QApplication>
#include <QClipboard>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMenu>
#include <QPushButton>
#include <QRegularExpression>
#include <QScopeGuard>
#include <QSettings>
#include <QSignalSpy>
#include <QToolButton>

using namespace orrery;
using namespace orrery::ui;
using namespace Qt::StringLiterals;
using orrery::test::HostProcess;
using orrery::test::kPatienceMs;

namespace {

template <typename T> T *child(const QObject &parent, const QString &name)
{
    auto *found = parent.findChild<T *>(name);
    if (!found) qFatal("no %s", qPrintable(name));
    return found;
}

void type(const QObject &parent, const QString &name, const QString &text)
{
    auto *edit = child<QLineEdit>(parent, name);
    edit->clear();
    QTest::keyClicks(edit, text);
}

void click(const QObject &parent, const QString &name) { child<QAbstractButton>(parent, name)->click(); }

QStringList names(const QListWidget &list)
{
    QStringList texts;
    for (int i = 0; i < list.count(); ++i) texts << list.item(i)->text();
    return texts;
}

/// The commands of docs/remote.md that take --host: what stands in backquotes in the first column of their table. Behind
/// "runs list" "show" is one of runs, too.
QList<QStringList> commandsOfTheTable()
{
    QFile file(QStringLiteral(ORRERY_DOCS "/remote.md"));
    if (!file.open(QIODevice::ReadOnly)) qFatal("no remote.md");
    const QString page = QString::fromUtf8(file.readAll());
    const qsizetype begin = page.indexOf(u"| with `--host` |"_s);
    const QString table = page.mid(begin, page.indexOf(u"\n\n"_s, begin) - begin);
    static const QRegularExpression quoted(u"`([^`]+)`"_s), word(u"^[a-z]+$"_s);
    QList<QStringList> commands;
    for (const QString &row : table.split(u'\n').mid(2)) {
        QString group;
        for (auto found = quoted.globalMatch(row.section(u'|', 1, 1)); found.hasNext();) {
            QStringList words = found.next().captured(1).split(u' ');
            if (words.front().startsWith(u'-')) continue; // an option of the one before
            if (words.size() > 1 && word.match(words[1]).hasMatch() && words[0] != u"trash")
                group = words[0];
            else if (!group.isEmpty())
                words.prepend(group);
            commands << words;
        }
    }
    return commands;
}

} // namespace

class TestConnections : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        std::signal(SIGPIPE, SIG_IGN);
        Theme::instance().apply(*qApp, ThemeKind::Light);
        m_host.listen();
        QVERIFY(m_host.start());
    }
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_book = std::make_unique<ConnectionBook>(m_folder->filePath(u"connections.json"_s).toStdString());
    }
    void addsAHostAfterItsFingerprintWasCompared();
    void doesNotTrustWhatDiffers();
    void warnsOfAChangedCertificate();
    void saysWhatIsWrong();
    void removesAndBringsBack();
    void forwardsWithSsh();
    void hidesTheToken();
    void theWindowTurnsToAHostAndBack();
    void commandsAreForTheHost();
    void everyControlHasAName();
    void theHostAtWorkIsNoInvitation();

private:
    [[nodiscard]] QString address(uint16_t port = 0) const { return u"tcp://127.0.0.1:%1"_s.arg(port ? port : m_host.port()); }

    HostProcess m_host;
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<ConnectionBook> m_book;
};

void TestConnections::addsAHostAfterItsFingerprintWasCompared()
{
    ConnectionsDialog dialog(*m_book, {});
    dialog.show();
    auto *list = child<QListWidget>(dialog, u"connectionList"_s);
    QCOMPARE(names(*list), QStringList{u"This computer"_s});
    click(dialog, u"connectionAdd"_s);
    type(dialog, u"connectionName"_s, u"lab"_s);
    type(dialog, u"connectionAddress"_s, address());
    type(dialog, u"connectionToken"_s, QString::fromStdString(m_host.token()));
    click(dialog, u"connectionTest"_s);
    auto *comparison = child<QWidget>(dialog, u"fingerprintComparison"_s);
    QTRY_VERIFY_WITH_TIMEOUT(comparison->isVisible(), kPatienceMs);
    const QString fingerprint = QString::fromStdString(m_host.connection("x").fingerprint);
    QCOMPARE(child<QLabel>(dialog, u"shownFingerprint"_s)->accessibleName(), fingerprint);
    QVERIFY(child<QPushButton>(dialog, u"fingerprintDiffers"_s)->hasFocus() || !dialog.isActiveWindow()); // Enter trusts nobody
    QVERIFY(child<QLineEdit>(dialog, u"connectionFingerprint"_s)->text().isEmpty());
    click(dialog, u"fingerprintSame"_s);
    auto *result = child<QLabel>(dialog, u"connectionResult"_s);
    QTRY_VERIFY_WITH_TIMEOUT(result->text().contains(u"A round trip takes"_s), kPatienceMs);
    QVERIFY(!comparison->isVisible());
    QSignalSpy connected(&dialog, &ConnectionsDialog::connectRequested);
    QCOMPARE(child<QPushButton>(dialog, u"connectionConnect"_s)->text(), u"Save and connect"_s);
    click(dialog, u"connectionConnect"_s);
    QTRY_COMPARE_WITH_TIMEOUT(connected.size(), 1, kPatienceMs);
    QTRY_COMPARE_WITH_TIMEOUT(names(*list), (QStringList{u"This computer"_s, u"lab"_s}), kPatienceMs);
    QCOMPARE(QString::fromStdString(m_book->find("lab")->fingerprint), fingerprint);
    QCOMPARE(m_book->find("lab")->token, m_host.token());
    QCOMPARE(list->currentItem()->text(), u"lab"_s);
    QCOMPARE(child<QPushButton>(dialog, u"connectionConnect"_s)->text(), u"Connect"_s);
}

void TestConnections::theHostAtWorkIsNoInvitation()
{
    Connection lab = m_host.connection("lab");
    lab.name = "lab-in-the-cellar-of-the-other-house-behind-the-river";
    QVERIFY(m_book->put(lab));
    ConnectionsDialog dialog(*m_book, {});
    dialog.show();
    auto *list = child<QListWidget>(dialog, u"connectionList"_s);
    QTRY_COMPARE_WITH_TIMEOUT(list->count(), 2, kPatienceMs);
    auto *connectButton = child<QPushButton>(dialog, u"connectionConnect"_s);
    QCOMPARE(connectButton->text(), u"Connect again"_s);
    QVERIFY(!connectButton->property("primary").toBool());
    QCOMPARE(list->horizontalScrollBarPolicy(), Qt::ScrollBarAlwaysOff); // a long name is elided
    QVERIFY(list->item(1)->toolTip().startsWith(QString::fromStdString(lab.name)));
    list->setCurrentRow(1);
    QCOMPARE(connectButton->text(), u"Connect"_s);
    QVERIFY(connectButton->property("primary").toBool());
    dialog.setCurrentHost(QString::fromStdString(lab.name)); // it was connected meanwhile
    QTRY_COMPARE_WITH_TIMEOUT(connectButton->text(), u"Connect again"_s, kPatienceMs);
}

void TestConnections::doesNotTrustWhatDiffers()
{
    ConnectionForm form;
    Connection connection = m_host.connection("lab");
    connection.fingerprint.clear();
    form.setConnection(connection);
    form.show();
    form.test();
    QTRY_VERIFY_WITH_TIMEOUT(child<QWidget>(form, u"fingerprintComparison"_s)->isVisible(), kPatienceMs);
    click(form, u"fingerprintDiffers"_s);
    QVERIFY(child<QLabel>(form, u"connectionResult"_s)->text().startsWith(u"Not trusted."_s));
    QVERIFY(form.connection().fingerprint.empty());
}

void TestConnections::warnsOfAChangedCertificate()
{
    ConnectionForm form;
    Connection connection = m_host.connection("lab");
    const std::string real = std::exchange(connection.fingerprint, "SHA256:" + std::string(64, 'A'));
    form.setConnection(connection);
    form.show();
    form.test();
    QTRY_VERIFY_WITH_TIMEOUT(child<QWidget>(form, u"fingerprintComparison"_s)->isVisible(), kPatienceMs);
    bool saysChanged = false;
    for (const QLabel *label : child<QWidget>(form, u"fingerprintComparison"_s)->findChildren<QLabel *>())
        saysChanged = saysChanged || (label->text().contains(u"has changed"_s) && label->text().contains(QString::fromStdString(connection.fingerprint)));
    QVERIFY(saysChanged);
    click(form, u"fingerprintSame"_s); // the host was set up anew, and somebody has looked
    QTRY_VERIFY_WITH_TIMEOUT(child<QLabel>(form, u"connectionResult"_s)->text().contains(u"answers"_s), kPatienceMs);
    QCOMPARE(form.connection().fingerprint, real);
}

void TestConnections::saysWhatIsWrong()
{
    ConnectionForm form;
    form.show();
    auto *banner = child<Banner>(form, u"connectionFormBanner"_s);
    Connection connection = m_host.connection("lab");
    connection.token = "orrery_wrong";
    form.setConnection(connection);
    form.test();
    QTRY_VERIFY_WITH_TIMEOUT(banner->message().contains(u"refuses the token"_s), kPatienceMs);
    connection.address = "tcp://127.0.0.1";
    form.setConnection(connection);
    QVERIFY(!banner->isVisible());
    form.test();
    QVERIFY2(banner->message().contains(u"it has no port"_s), qPrintable(banner->message()));
    // Nothing is saved that would not work.
    ConnectionsDialog dialog(*m_book, {});
    dialog.show();
    click(dialog, u"connectionAdd"_s);
    type(dialog, u"connectionName"_s, u"lab"_s);
    click(dialog, u"connectionSave"_s);
    QVERIFY(child<Banner>(dialog, u"connectionFormBanner"_s)->message().contains(u"neither address nor socket"_s));
    QVERIFY(m_book->list()->empty());
}

void TestConnections::removesAndBringsBack()
{
    QVERIFY(m_book->put(m_host.connection("lab")).ok());
    ConnectionsDialog dialog(*m_book, {});
    dialog.show();
    auto *list = child<QListWidget>(dialog, u"connectionList"_s);
    QTRY_COMPARE_WITH_TIMEOUT(list->count(), 2, kPatienceMs);
    QVERIFY(!child<QPushButton>(dialog, u"connectionRemove"_s)->isEnabled()); // this computer stays
    list->setCurrentRow(1);
    QCOMPARE(child<QLineEdit>(dialog, u"connectionName"_s)->text(), u"lab"_s);
    click(dialog, u"connectionRemove"_s);
    QTRY_COMPARE_WITH_TIMEOUT(list->count(), 1, kPatienceMs);
    QVERIFY(m_book->list()->empty());
    auto *banner = child<Banner>(dialog, u"connectionFormBanner"_s);
    QVERIFY(banner->isVisible() && banner->message().contains(u"Removed “lab”"_s));
    Q_EMIT banner->retryRequested(); // Undo
    QTRY_COMPARE_WITH_TIMEOUT(list->count(), 2, kPatienceMs);
    QCOMPARE(m_book->find("lab")->token, m_host.token());
}

void TestConnections::forwardsWithSsh()
{
    ConnectionsDialog dialog(*m_book, {});
    dialog.show();
    click(dialog, u"connectionAdd"_s);
    type(dialog, u"connectionName"_s, u"gpu box"_s);
    auto *form = dialog.findChild<ConnectionForm *>();
    form->findChild<SegmentedChoice *>()->button(u"ssh"_s)->click();
    QVERIFY2(child<QLineEdit>(dialog, u"connectionSocket"_s)->text().endsWith(u"/at-gpu-box.sock"_s),
             qPrintable(child<QLineEdit>(dialog, u"connectionSocket"_s)->text()));
    type(dialog, u"connectionSocket"_s, QString::fromStdString(m_host.socket())); // as if ssh had brought it
    type(dialog, u"connectionSsh"_s, u"ada@gpu"_s);
    click(dialog, u"connectionCopySsh"_s);
    const QString command = QApplication::clipboard()->text();
    QVERIFY2(command.startsWith(u"ssh -N "_s) && command.contains(QString::fromStdString(m_host.socket())) && command.endsWith(u" ada@gpu"_s),
             qPrintable(command));
    form->test();
    QTRY_VERIFY_WITH_TIMEOUT(child<QLabel>(dialog, u"connectionResult"_s)->text().contains(u"answers"_s), kPatienceMs);
    click(dialog, u"connectionSave"_s);
    QTRY_VERIFY_WITH_TIMEOUT(m_book->find("gpu box").ok(), kPatienceMs);
}

void TestConnections::hidesTheToken()
{
    ConnectionForm form;
    form.setConnection(m_host.connection("lab"));
    auto *token = child<QLineEdit>(form, u"connectionToken"_s);
    QCOMPARE(token->echoMode(), QLineEdit::Password);
    token->actions().first()->setChecked(true);
    QCOMPARE(token->echoMode(), QLineEdit::Normal);
}

void TestConnections::theWindowTurnsToAHostAndBack()
{
    HostProcess local;
    QVERIFY(local.start());
    QVERIFY(local.client().createRun(local.specJson(100).toStdString(), {}, false).ok());
    if (m_host.client().listRuns()->empty()) QVERIFY(m_host.client().createRun(m_host.specJson(200).toStdString(), {}, false).ok());
    const test::ShapedProxy proxy(m_host.port(), test::ShapedProxy::farAway());
    const Connection lab = m_host.connection("lab", proxy.port());
    QVERIFY(m_book->put(lab).ok());
    QSettings settings(m_folder->filePath(u"workbench.ini"_s), QSettings::IniFormat);
    RpcSession session(local.options());
    MainWindow window(session, settings);
    HostSwitcher switcher(window, session, settings, local.options(), *m_book);
    window.show();
    auto *button = child<QToolButton>(window, u"hostButton"_s);
    QTRY_COMPARE_WITH_TIMEOUT(session.runs().size(), size_t{1}, kPatienceMs);
    QTRY_VERIFY_WITH_TIMEOUT(!window.selectedRun().isEmpty(), kPatienceMs);
    const QString localRun = window.selectedRun();
    QCOMPARE(button->text(), u"Local"_s);
    QVERIFY(child<QLabel>(window, u"engineStatus"_s)->text().startsWith(u"This computer"_s));
    window.newRunPanel().restoreDraft(uR"({"texts":{"data.path":"/here/only"}})"_s);
    // By the menu, where the book's hosts stand behind this computer.
    auto *menu = child<QMenu>(window, u"hostMenu"_s);
    QTRY_VERIFY_WITH_TIMEOUT(menu->actions().size() >= 4, kPatienceMs);
    QCOMPARE(menu->actions().at(0)->text(), u"This computer"_s);
    QCOMPARE(menu->actions().at(1)->text(), u"lab"_s);
    menu->actions().at(1)->trigger();
    QVERIFY(window.selectedRun().isEmpty()); // nothing of the host before
    QTRY_VERIFY_WITH_TIMEOUT(session.runs().size() == 1 && session.runs().front().totalSteps == 200, kPatienceMs);
    QTRY_VERIFY_WITH_TIMEOUT(!window.selectedRun().isEmpty(), kPatienceMs);
    QTRY_VERIFY_WITH_TIMEOUT(button->text().startsWith(u"lab · "_s) && button->text().endsWith(u" ms"_s), kPatienceMs);
    QVERIFY(child<QLabel>(window, u"engineStatus"_s)->text().startsWith(u"lab · "_s));
    QVERIFY(!window.newRunPanel().draftJson().contains(u"/here/only"_s)); // a path of the other machine
    QCOMPARE(settings.value(u"connection/last"_s).toString(), u"lab"_s);
    QCOMPARE(hostToBeginWith(*m_book, {}, settings).value()->name, std::string("lab"));
    QVERIFY(!hostToBeginWith(*m_book, u"local"_s, settings).value().has_value());
    QCOMPARE(hostToBeginWith(*m_book, u"nobody"_s, settings).error().code, ErrorCode::NotFound);
    for (const QString &key : settings.allKeys()) // secrets have their own file
        QVERIFY2(!settings.value(key).toString().contains(QString::fromStdString(m_host.token())), qPrintable(key));
    // Commands that are copied are for that host.
    QCOMPARE(controlCommand(u"a"_s, u"pause"_s), u"orrery-engine control a pause --host lab"_s);
    QVERIFY2(window.newRunPanel().commandText().endsWith(u" --host lab"_s), qPrintable(window.newRunPanel().commandText()));
    menu->actions().at(0)->trigger();
    QCOMPARE(controlCommand(u"a"_s, u"pause"_s), u"orrery-engine control a pause"_s);
    QVERIFY(!window.newRunPanel().commandText().contains(u"--host"_s));
    QTRY_COMPARE_WITH_TIMEOUT(window.selectedRun(), localRun, kPatienceMs);
    QVERIFY(window.newRunPanel().draftJson().contains(u"/here/only"_s));
    QCOMPARE(button->text(), u"Local"_s);
}

void TestConnections::commandsAreForTheHost()
{
    setCommandHost(u"my lab"_s);
    const auto back = qScopeGuard([] { setCommandHost({}); });
    const QList<QStringList> known = commandsOfTheTable();
    QVERIFY2(known.size() > 30, qPrintable(QString::number(known.size())));
    for (const QStringList &words : known) QCOMPARE(engineCommand(words), u"orrery-engine %1 --host 'my lab'"_s.arg(words.join(u' ')));
    for (const char *name : {"memory list", "inspect memory", "inspect frames", "inspect tokens", "runs trash list", "plugins show", "train --data /path/there"})
        QVERIFY2(known.contains(QString::fromLatin1(name).split(u' ')), name);
    // What its own machine does alone, pasted here, does nothing.
    for (const char *line : {"evaluate a --data /x", "runs copy a /x", "runs delete a --forever", "memory wipe a --all",
                             "data prepare /x", "train --data /x --plugin-dir /y"})
        QCOMPARE(engineCommand(QString::fromLatin1(line).split(u' ')),
                 u"# on the machine of the host 'my lab': orrery-engine "_s + QString::fromLatin1(line));
    QCOMPARE(engineCommand({u"evaluate"_s, u"a"_s, u"--data"_s, u"x\nrm y"_s}),
             u"# on the machine of the host 'my lab': orrery-engine evaluate a --data 'x\n# rm y'"_s);
}

void TestConnections::everyControlHasAName()
{
    QVERIFY(m_book->put(m_host.connection("a very long name of a machine that somebody has chosen")).ok());
    ConnectionsDialog dialog(*m_book, {});
    dialog.show();
    QTRY_COMPARE_WITH_TIMEOUT(child<QListWidget>(dialog, u"connectionList"_s)->count(), 2, kPatienceMs);
    child<QListWidget>(dialog, u"connectionList"_s)->setCurrentRow(1);
    for (const QLineEdit *edit : dialog.findChildren<QLineEdit *>()) QVERIFY2(!edit->accessibleName().isEmpty(), qPrintable(edit->objectName()));
    for (const QAbstractButton *button : dialog.findChildren<QAbstractButton *>())
        if (button->isVisibleTo(&dialog) && button->focusPolicy() != Qt::NoFocus) // else a picture
            QVERIFY2(!button->text().isEmpty() || !button->accessibleName().isEmpty() || !button->toolTip().isEmpty(), qPrintable(button->objectName()));
    for (const QPushButton *button : dialog.findChildren<QPushButton *>()) QVERIFY2(!button->autoDefault(), qPrintable(button->text()));
}

QTEST_MAIN(TestConnections)
#include "tst_connections.moc"
