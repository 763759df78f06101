// SPDX-License-Identifier: GPL-3.0-or-later
// Window halves of plugins: what they may add, that a failing one leaves nothing, and the way from the page
// into a run.
#include "app/workbench/main_window.h"
#include "app/workbench/rpc_session.h"
#include "app/workbench/ui_plugins.h"
#include "host_process.h"
#include "tests/plugin/plugin_fixture.h"
#include "tests/widgets/common/fake_session.h"
#include "tests/widgets/common/gui_test.h"
#include "tests/widgets/plugins/plugin_samples.h"
#include "widgets/common/banner.h"
#include "widgets/form/new_run_panel.h"
#include "widgets/form/spec_form.h"
#include "widgets/play/playground_panel.h"
#include "widgets/plugins/plugin_details.h"
#include "widgets/plugins/plugin_list_model.h"
#include "widgets/plugins/plugins_panel.h"

#include <QDockWidget>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QSettings>
#include <QStackedWidget>
#include <QTableView>

#include <algorithm>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;
using orrery::test::HostProcess;
using orrery::test::PluginFolder;

class TestUiPlugins : public QObject {
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<QSettings> m_settings;
    std::unique_ptr<FakeSession> m_session;
    std::unique_ptr<MainWindow> m_window;

    void install(const PluginFolder &folder, const QString &library) const
    {
        folder.addAs("probe", QByteArray(test::manifestOf("probe")).replace("engineLibrary", "uiLibrary"));
        QFile file(QStringLiteral(ORRERY_TEST_LIBRARIES "/lib%1.so").arg(library));
        QVERIFY2(file.open(QIODevice::ReadOnly), qPrintable(file.fileName()));
        folder.write(u"probe/libprobe.so"_s, file.readAll());
    }
    [[nodiscard]] QDockWidget *dock() const
    {
        return m_window->findChild<QDockWidget *>(u"plugin_probe_main"_s);
    }
    [[nodiscard]] QWidget *page() const { return child<QStackedWidget>(m_window.get(), "pages")->currentWidget(); }
    [[nodiscard]] QStringList menuTexts() const
    {
        QStringList texts;
        for (const QAction *action : m_window->findChild<QMenu *>(u"pluginMenu"_s)->actions())
            texts << action->text();
        return texts;
    }

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_settings = std::make_unique<QSettings>(m_folder->filePath(u"settings.ini"_s), QSettings::IniFormat);
        m_session = std::make_unique<FakeSession>();
        m_session->setRuns({fakeRun("alpha")});
        m_window = std::make_unique<MainWindow>(*m_session, *m_settings);
        m_window->show();
        QVERIFY(QTest::qWaitForWindowExposed(m_window.get()));
    }
    void cleanup()
    {
        m_window.reset();
        m_session.reset();
    }

    void addsPanelsActionsAndSettings()
    {
        PluginFolder folder;
        install(folder, u"window_probe"_s);
        {
            UiPlugins plugins(*m_window, *m_session, *m_settings);
            plugins.load(folder.scan());
            QCOMPARE(plugins.problems().at("probe"), QString());
            QCOMPARE(plugins.numLoaded(), 1);
            QVERIFY(dock() && dock()->isHidden() && dock()->windowTitle() == u"Probe");
            dock()->toggleViewAction()->trigger();
            QVERIFY(dock()->isVisible());
            auto *panel = child<QLabel>(m_window.get(), "probePanel");
            m_session->setConnection(ConnectionState::Lost); // a signal of the session, found in this program
            QCOMPARE(panel->text(), u"news"_s);
            QVERIFY(menuTexts().contains(u"Probe it"_s));
            for (QAction *action : m_window->findChild<QMenu *>(u"pluginMenu"_s)->actions())
                if (action->text() == u"Talk to the probe") action->trigger();
            QCOMPARE(m_window->playground().model(), u"/models/probe"_s);
            QVERIFY(m_window->playground().isVisible());
            QCOMPARE(m_settings->value(u"plugins/probe/seen"_s).toString(), u"good"_s);
        }
        QVERIFY(!dock()); // all of it went with the plugin, and the window is still there
        QVERIFY(!menuTexts().contains(u"Probe it"_s));
        QVERIFY(m_window->isVisible());
    }
    void leavesOutWhatFails_data()
    {
        QTest::addColumn<QString>("reason");
        QTest::newRow("throws") << u"configure() failed: configure is out of order"_s;
        QTest::newRow("throws_int") << u"configure() failed: it threw something"_s;
        QTest::newRow("error") << u"configure() failed: Cannot find its table."_s;
        QTest::newRow("bad_name") << u"Cannot add panel \"../x\""_s;
        QTest::newRow("start_error") << u"start() failed: Cannot start today."_s;
    }
    void leavesOutWhatFails()
    {
        QFETCH(QString, reason);
        PluginFolder folder;
        install(folder, u"window_probe"_s);
        m_settings->setValue(u"plugins/probe/behaviour"_s, QString::fromLatin1(QTest::currentDataTag()));
        UiPlugins plugins(*m_window, *m_session, *m_settings);
        plugins.load(folder.scan());
        QVERIFY2(plugins.problems().at("probe").contains(reason), qPrintable(plugins.problems().at("probe")));
        QCOMPARE(plugins.numLoaded(), 0);
        QVERIFY(!dock() && !menuTexts().contains(u"Probe it"_s));
        // The page says so, beside what the engine says of the same plugin.
        PluginInfo listed = folder.scanned("probe");
        m_session->plugins.plugins = {listed};
        m_window->showPlugins();
        QTRY_COMPARE(m_window->pluginsPanel().model()->rowCount(), 1);
        QVERIFY(m_window->pluginsPanel()
                    .model()
                    ->index(0, PluginListModel::NoteColumn)
                    .data()
                    .toString()
                    .contains(reason));
    }
    void aLibraryWithoutTheSymbolIsLeftOut()
    {
        PluginFolder folder;
        install(folder, u"no_window_symbol"_s);
        UiPlugins plugins(*m_window, *m_session, *m_settings);
        plugins.load(folder.scan());
        QVERIFY(plugins.problems().at("probe").contains(u"has no symbol orrery_plugin_ui_v1"_s));
    }
    void oneThatWillNotStopIsPutUpWith()
    {
        PluginFolder folder;
        install(folder, u"window_probe"_s);
        m_settings->setValue(u"plugins/probe/behaviour"_s, u"stop_throws"_s);
        {
            UiPlugins plugins(*m_window, *m_session, *m_settings);
            plugins.load(folder.scan());
            QCOMPARE(plugins.numLoaded(), 1);
        }
        QVERIFY(!dock());
    }
    void aLinkWaitsUntilPluginsAreLoaded()
    {
        PluginFolder folder;
        UiPlugins plugins(*m_window, *m_session, *m_settings);
        m_window->openLink(u"orrery:probe"_s);
        auto *notice = child<Banner>(m_window.get(), "noticeBanner");
        QVERIFY(notice->isHidden());
        plugins.load(folder.scan());
        QVERIFY2(notice->message().contains(u"there is no panel \"probe\""_s), qPrintable(notice->message()));
    }
    void refusedPluginsAreNotLoaded()
    {
        PluginFolder folder;
        install(folder, u"window_probe"_s);
        folder.setMode(u"probe/libprobe.so"_s, 0777);
        UiPlugins plugins(*m_window, *m_session, *m_settings);
        plugins.load(folder.scan());
        QVERIFY(plugins.problems().empty() && plugins.numLoaded() == 0);
    }

    void whatARealHostHasReachesPageAndForm()
    {
        PluginFolder folder;
        folder.add("remote", R"("provides":[{"point":"FeedForward","name":"remote_ffn"}],"settings":[)"
                             R"({"key":"scale","label":"Scale","type":"real","default":1,"effect":"e"}])");
        HostProcess host;
        host.setKnob(kPluginPathVariable, folder.path().toUtf8().constData());
        QVERIFY(host.start());
        RpcSession session(host.options());
        PluginsPanel page(session);
        NewRunPanel form(session);
        page.show();
        const auto row = [&] {
            for (int i = 0; i < page.model()->rowCount(); ++i)
                if (page.model()->index(i, 0).data(PluginListModel::IdRole).toString() == u"remote") return i;
            return -1;
        };
        QTRY_VERIFY_WITH_TIMEOUT(row() >= 0, orrery::test::kPatienceMs);
        QCOMPARE(page.model()->index(row(), PluginListModel::NoteColumn).data().toString(),
                 u"FeedForward remote_ffn"_s);
        QTRY_VERIFY_WITH_TIMEOUT(form.form()->editor(u"plugins.remote.scale"_s), orrery::test::kPatienceMs);
        // Another one is installed while the host runs: the page finds it when it is asked to look again.
        folder.addAs("second", "{");
        page.refresh();
        const auto isListed = [&] {
            const auto &plugins = page.plugins();
            return std::any_of(plugins.begin(), plugins.end(), [](const PluginInfo &plugin) {
                return plugin.id == "second" && plugin.state == PluginState::Refused &&
                       !plugin.reason.empty();
            });
        };
        QTRY_VERIFY_WITH_TIMEOUT(isListed(), orrery::test::kPatienceMs);
    }

    void thePageOpensAndClosesByKey()
    {
        m_session->plugins.plugins = samplePlugins();
        QTest::keyClick(m_window.get(), Qt::Key_G, Qt::ControlModifier | Qt::ShiftModifier);
        QVERIFY(page() == &m_window->pluginsPanel());
        QTRY_COMPARE(m_window->pluginsPanel().model()->rowCount(), 4);
        QTest::keyClick(m_window->pluginsPanel().view(), Qt::Key_Escape);
        QVERIFY(page() != &m_window->pluginsPanel());
    }
    void usingAPluginFillsTheForm()
    {
        m_session->plugins.plugins = {reluPlugin()};
        m_window->showPlugins();
        QTRY_COMPARE(m_window->pluginsPanel().model()->rowCount(), 1);
        m_window->pluginsPanel().details()->useButton()->click();
        QVERIFY(page() == &m_window->newRunPanel());
        m_window->newRunPanel().form()->setGiven(u"data.path"_s, u"/text"_s);
        const Result<RunSpec> spec = m_window->newRunPanel().form()->builder().build();
        QVERIFY2(spec.ok(), spec.ok() ? "" : spec.error().text().c_str());
        QCOMPARE(spec->model.ffn, std::string("relu_squared"));
        QCOMPARE(spec->plugins.use, std::vector<std::string>{"relu@1.2.0"});
    }
};

ORRERY_GUI_TEST_MAIN(TestUiPlugins)
#include "tst_ui_plugins.moc"
