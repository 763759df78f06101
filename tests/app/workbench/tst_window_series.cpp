// SPDX-License-Identifier: GPL-3.0-or-later
// Where the window shows a series: why a breakpoint has paused a run, the values of plugins as curves, any
// series by the palette and by a link.
#include "app/workbench/main_window.h"
#include "tests/app/workbench/window_samples.h"
#include "tests/widgets/common/gui_test.h"
#include "widgets/attention/attention_pair.h"
#include "widgets/attention/attention_panel.h"
#include "widgets/attention/frame_feed.h"
#include "widgets/attention/prompt_bar.h"
#include "widgets/common/banner.h"
#include "widgets/common/command_palette.h"
#include "widgets/curves/curves_panel.h"
#include "widgets/curves/series_chart.h"
#include "widgets/microscope/focus_strip.h"
#include "widgets/microscope/microscope_feed.h"
#include "widgets/microscope/microscope_panel.h"
#include "widgets/play/playground_panel.h"
#include "widgets/plots/plot_view.h"
#include "widgets/plugins/plugin_values_model.h"
#include "widgets/plugins/plugin_values_panel.h"

#include <QAction>
#include <QComboBox>
#include <QDockWidget>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSettings>
#include <QStackedWidget>
#include <QTableView>
#include <QTemporaryDir>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

const QString kRate = u"part/spikes/firing_rate_of_the_second_layer"_s;

} // namespace

class TestWindowSeries : public QObject {
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<QSettings> m_settings;
    std::unique_ptr<MemorySession> m_session;
    std::unique_ptr<MainWindow> m_window;
    PanelFrame *m_memory = nullptr; ///< stands for the panel of the memory plugin

    void addMemory()
    {
        m_memory = new PanelFrame(u"Memory"_s);
        m_memory->setView({u"memory"_s, [] { return QVariantMap(); }, [](const QVariantMap &) {}});
        QVERIFY(m_window->addPluginPanel(u"plugin_memory_memory"_s, u"Memory"_s, m_memory).ok());
    }
    void pauseBy(const QString &series)
    {
        RunStatus status = m_session->runList.front();
        status.state = RunState::Paused;
        ++status.step;
        status.pauseReason = toStd(series) + " > 0: " + toStd(series) + " was 1";
        status.pauseSeries = toStd(series);
        m_session->setRuns({status});
        child<QPushButton>(m_window.get(), "pauseShow")->click();
    }
    [[nodiscard]] QWidget *page() const
    {
        return child<QStackedWidget>(m_window.get(), "pages")->currentWidget();
    }
    [[nodiscard]] SeriesChart *chart() const { return m_window->curves().seriesChart(); }

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_settings = std::make_unique<QSettings>(m_folder->filePath(u"settings.ini"_s), QSettings::IniFormat);
        m_session = std::make_unique<MemorySession>();
        fillWindow(*m_session, RunState::Running);
        m_window = std::make_unique<MainWindow>(*m_session, *m_settings);
        m_window->show();
        m_window->activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
        m_window->selectRun(u"alpha"_s);
        QTRY_VERIFY(!m_session->isAnswering());
    }
    void cleanup()
    {
        m_window.reset();
        m_session.reset();
    }

    void aPauseOpensWhatShowsItsReason_data()
    {
        QTest::addColumn<QString>("series");
        QTest::addColumn<QString>("panel");
        QTest::newRow("a head") << u"head/1.0/entropy"_s << u"attention"_s;
        QTest::newRow("how full the memory is") << u"part/episodic/occupancy"_s << u"memory"_s;
        QTest::newRow("another part") << kRate << u"plugin data"_s;
        QTest::newRow("a probe") << u"probe/norm.layer0"_s << u"plugin data"_s;
        QTest::newRow("one that is always drawn") << u"loss"_s << u"curves"_s;
        QTest::newRow("one that is not") << u"viewer_percent"_s << u"series"_s;
    }
    void aPauseOpensWhatShowsItsReason()
    {
        QFETCH(QString, series);
        QFETCH(QString, panel);
        addMemory();
        m_window->showLayout(WindowLayout::Play);
        m_memory->parentWidget()->hide();
        pauseBy(series);
        QCOMPARE(m_window->windowLayout() == WindowLayout::Inspect,
                 panel == u"attention" || panel == u"memory");
        QCOMPARE(page() == &m_window->curves(), panel == u"curves" || panel == u"series");
        QCOMPARE(m_window->pluginValues().isVisible(), panel == u"plugin data");
        QCOMPARE(chart()->series(), panel == u"series" ? series : QString());
        if (panel == u"memory") QVERIFY(m_memory->isVisible());
        if (panel == u"attention") QCOMPARE(m_window->attention().primary()->place().head, (HeadRef{1, 0}));
        if (panel == u"plugin data") {
            QTRY_COMPARE(m_window->pluginValues().model()->rowCount(), 3);
            QTRY_COMPARE(m_window->pluginValues().selectedSeries(), series);
            QVERIFY(m_window->pluginValues().view()->selectionModel()->hasSelection());
        }
    }
    void panelsOfPluginsFollowTheRun()
    {
        addMemory();
        QCOMPARE(m_memory->property("run").toString(), u"alpha"_s);
        m_window->selectRun(u"beta"_s);
        QCOMPARE(m_memory->property("run").toString(), u"beta"_s);
    }
    void aHeadIsShownInTheTextAndStepOfItsSeries()
    {
        m_window->showLayout(WindowLayout::Inspect);
        AttentionPanel &panel = *m_window->attention().primary();
        QTRY_VERIFY(panel.snapshot());
        // Somebody looked at a text of their own, after an earlier step.
        panel.feed()->goToStep(1'600);
        QTRY_COMPARE(panel.snapshot()->report.step, int64_t(1'600));
        panel.promptBar()->setOwnText(u"something else"_s);
        panel.choosePrompt(PromptBar::kOwnText);
        QVERIFY(panel.promptBar()->prompt() < 0);
        pauseBy(u"head/1.0/entropy"_s);
        QCOMPARE(panel.promptBar()->prompt(), 0); // the only text that this run keeps
        QCOMPARE(panel.place().head, (HeadRef{1, 0}));
        QTRY_VERIFY(panel.snapshot());
        QTRY_COMPARE(panel.snapshot()->report.step, int64_t(8'000));
        QVERIFY(panel.feed()->isFollowing());
        // Another one of the kept texts than that of the series was chosen.
        panel.promptBar()->setPrompts({u"one"_s, u"two"_s});
        panel.promptBar()->setValidationKept(true);
        panel.choosePrompt(1);
        pauseBy(u"head/0.1/entropy"_s);
        QCOMPARE(panel.promptBar()->prompt(), panel.promptBar()->validationPrompt());
        QCOMPARE(panel.feed()->prompt(), 2);
        QCOMPARE(panel.place().head, (HeadRef{0, 1}));
    }
    void aMemoryWithoutAPanelIsInPluginData()
    {
        m_window->showLayout(WindowLayout::Train);
        pauseBy(u"part/episodic/occupancy"_s);
        QVERIFY(m_window->pluginValues().isVisible());
        QTRY_COMPARE(m_window->pluginValues().selectedSeries(), u"part/episodic/occupancy"_s);
    }
    void aValueOfAPluginBecomesACurve()
    {
        m_window->showLayout(WindowLayout::Inspect);
        child<QDockWidget>(m_window.get(), "pluginValuesDock")->show();
        PluginValuesPanel &values = m_window->pluginValues();
        QTRY_COMPARE(values.model()->rowCount(), 3);
        const QModelIndex index = values.model()->index(1, PluginValuesModel::NameColumn);
        QCOMPARE(index.data().toString(), kRate);
        values.view()->setCurrentIndex(index);
        values.view()->setFocus();
        QTest::keyClick(values.view(), Qt::Key_Return);
        QCOMPARE(m_window->windowLayout(), WindowLayout::Train);
        QVERIFY(page() == &m_window->curves());
        QCOMPARE(chart()->series(), kRate);
        QTRY_VERIFY(!chart()->view()->curves().empty());
        QVERIFY(chart()->view()->isVisible());
    }
    void thePaletteAsksForOne()
    {
        m_window->showLayout(WindowLayout::Play);
        m_window->palette().open(u"curve of"_s);
        QTest::keyClick(m_window->palette().field(), Qt::Key_Return);
        QVERIFY(page() == &m_window->curves());
        QTRY_VERIFY(chart()->choice()->hasFocus() || chart()->choice()->lineEdit()->hasFocus());
        QTRY_VERIFY(chart()->names().contains(kRate)); // the engine was asked
    }
    void whatPanelsDoIsInThePalette()
    {
        const auto texts = [this] {
            m_window->palette().open();
            QStringList found;
            const PaletteModel &model = m_window->palette().model();
            for (int row = 0; row < model.rowCount(); ++row) found << model.item(row).text;
            m_window->palette().hide();
            return found;
        };
        m_window->showLayout(WindowLayout::Inspect);
        for (const char *text : {"Ask again", "What without this head", "Two beside each other", "Compare from here"})
            QVERIFY2(texts().contains(QString::fromUtf8(text)), text);
        QVERIFY(!texts().contains(u"Generate again with another seed"_s)); // it is not in sight
        m_window->showLayout(WindowLayout::Play);
        m_window->playground().setModel(u"alpha@8000"_s);
        m_window->playground().promptEditor()->setPlainText(u"Hello"_s);
        for (const char *text : {"Generate", "Generate again with another seed", "Look inside at this token",
                                 "Attach pictures or recordings", "Version before"})
            QVERIFY2(texts().contains(QString::fromUtf8(text)), text);
        QAction *generate = m_window->playground().findChild<QAction *>(u"playGenerate"_s);
        generate->trigger();
        QCOMPARE(m_session->generations.size(), size_t(1));
        m_window->playground().promptEditor()->setFocus();
        Q_EMIT m_session->generations.back().handle->finished({});
        QTest::keyClick(m_window->playground().promptEditor(), Qt::Key_Return, Qt::ControlModifier);
        QCOMPARE(m_session->generations.size(), size_t(2));
    }
    void f5InTheMicroscopeResumesNoRun()
    {
        RunStatus finished = m_session->runList.front();
        finished.state = RunState::Stopped; // it could be resumed
        m_session->setRuns({finished});
        m_window->selectRun(u"alpha"_s);
        m_window->showLayout(WindowLayout::Inspect);
        auto text = std::make_shared<GenerateRequest>();
        text->prompt = "The quick brown fox";
        m_window->selection().set({u"alpha@8000"_s, u"Answer 1"_s, text, 3, HeadRef{0, 1}}, nullptr);
        QTRY_VERIFY(m_window->microscope().feed()->shown());
        QTRY_VERIFY(!m_session->isAnswering());
        const size_t numBefore = m_session->inspections.size();
        m_window->microscope().strip()->setFocus();
        QVERIFY(m_window->microscope().isAncestorOf(QApplication::focusWidget()));
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_F5);
        QTRY_VERIFY(m_session->inspections.size() > numBefore);
        QVERIFY(m_session->startedRuns.isEmpty());
    }
    void linksBringItBack()
    {
        m_window->openLink(u"orrery:curves?run=alpha&series=head/0.0/entropy"_s);
        QCOMPARE(chart()->series(), u"head/0.0/entropy"_s);
        m_window->openLink(u"orrery:plugin-data?run=alpha&series=probe/norm.layer0"_s);
        QVERIFY(m_window->pluginValues().isVisible());
        QTRY_COMPARE(m_window->pluginValues().view()->currentIndex().row(), 2);
        const QString link = m_window->pluginValues().viewLink();
        QVERIFY2(link.startsWith(u"orrery:plugin-data?run=alpha&series=probe"_s), qPrintable(link));
    }
};

ORRERY_GUI_TEST_MAIN(TestWindowSeries)
#include "tst_window_series.moc"
