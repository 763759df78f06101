// SPDX-License-Identifier: GPL-3.0-or-later
// The Inspect layout with the real memory panel in it: it fits a window of 1280 × 720, and pages and docks
// that nobody looks at do not make it larger.
#include "app/workbench/main_window.h"
#include "plugins/memory/tests/memory_panel_samples.h"
#include "plugins/memory/ui/memory_model.h"
#include "plugins/memory/ui/memory_panel.h"
#include "tests/widgets/attention/attention_samples.h"
#include "tests/widgets/common/gui_test.h"
#include "widgets/attention/attention_pair.h"
#include "widgets/attention/attention_stage.h"
#include "widgets/microscope/microscope_panel.h"

#include <QDockWidget>
#include <QScrollArea>
#include <QScrollBar>
#include <QSettings>
#include <QTemporaryDir>
#include <QMenuBar>
#include <QStatusBar>
#include <QToolBar>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;
using orrery::memory_ui::MemoryPanel;

class TestInspectLayout : public QObject {
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<QSettings> m_settings;
    std::unique_ptr<MemorySession> m_session;
    std::unique_ptr<MainWindow> m_window;
    MemoryPanel *m_memory = nullptr;

    void open(QSize size)
    {
        m_window = std::make_unique<MainWindow>(*m_session, *m_settings);
        m_window->setAnimated(false);
        m_window->resize(size);
        m_memory = new MemoryPanel(*m_session);
        QVERIFY(m_window->addPluginPanel(u"plugin_memory_memory"_s, u"Memory"_s, m_memory).ok());
        m_window->showLayout(WindowLayout::Inspect);
        m_window->show();
        QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
        m_window->selectRun(u"code-7M"_s);
        QTest::qWait(100);
    }
    void raiseMemory()
    {
        child<QDockWidget>(m_window.get(), "plugin_memory_memory")->raise();
        QTRY_COMPARE(m_memory->events()->rowCount(), 6);
        QTest::qWait(100);
    }
    [[nodiscard]] QString sizes() const
    {
        QStringList bars;
        for (const QToolBar *bar : m_window->findChildren<QToolBar *>()) bars << QString::number(bar->height());
        return u"window %1 x %2, needs %3 x %4; attention %5 of %7, memory %6 of %8, menu %9, bars %10, status %11"_s.arg(m_window->width())
            .arg(m_window->height())
            .arg(m_window->minimumSizeHint().width())
            .arg(m_window->minimumSizeHint().height())
            .arg(m_window->findChild<AttentionPair *>()->height())
            .arg(m_memory->height())
            .arg(m_window->findChild<AttentionPair *>()->minimumSizeHint().height())
            .arg(m_memory->minimumSizeHint().height())
            .arg(m_window->menuBar()->height())
            .arg(bars.join(u'+'))
            .arg(m_window->statusBar()->height());
    }

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_settings = std::make_unique<QSettings>(m_folder->filePath(u"settings.ini"_s), QSettings::IniFormat);
        m_session = std::make_unique<MemorySession>();
        fillMemory(*m_session);
        m_session->specs[u"code-7M"_s] = QString::fromUtf8(sampleSpec());
        addSampleFrames(*m_session, u"code-7M"_s, {}, 10, 10, 100);
    }
    void cleanup()
    {
        m_window.reset();
        m_session.reset();
        Theme::instance().apply(*qApp, ThemeKind::Light);
    }

    void fitsASmallWindow_data()
    {
        QTest::addColumn<int>("kind");
        QTest::newRow("light") << int(ThemeKind::Light);
        QTest::newRow("dark") << int(ThemeKind::Dark);
        QTest::newRow("high contrast") << int(ThemeKind::HighContrast);
    }
    void fitsASmallWindow()
    {
        QFETCH(int, kind);
        Theme::instance().apply(*qApp, ThemeKind(kind));
        open({1280, 720});
        auto *attention = m_window->findChild<AttentionPair *>();
        // The maps have all of the height. The memory is a tab of the microscope: it asks nothing, and Tab passes it by.
        QVERIFY2(attention->isVisible() && attention->height() > 540, qPrintable(sizes()));
        QVERIFY(m_window->microscope().isVisible() && !m_memory->isVisible());
        QCOMPARE(m_memory->events()->rowCount(), 0);
        const int width = attention->width();
        raiseMemory();
        QVERIFY(m_memory->isVisible() && !m_window->microscope().isVisible());
        QCOMPARE(attention->width(), width); // nothing jumps
        QVERIFY2(m_window->height() <= 720 && m_window->minimumSizeHint().height() <= 720,
                 qPrintable(sizes()));
        QVERIFY2(m_memory->height() >= m_memory->minimumHeight(), qPrintable(sizes()));
        // A head with its tokens needs no more than the overview.
        AttentionPlace place;
        place.level = StageLevel::Head;
        place.head = {1, 0};
        attention->primary()->goTo(place);
        QTest::qWait(200);
        QVERIFY2(m_window->height() <= 720 && m_window->minimumSizeHint().height() <= 720,
                 qPrintable(sizes()));
        for (const WindowLayout layout : {WindowLayout::Train, WindowLayout::Play, WindowLayout::Inspect}) {
            m_window->showLayout(layout);
            QTest::qWait(50);
            QVERIFY2(m_window->height() <= 720, qPrintable(sizes()));
        }
        if (const QByteArray folder = qgetenv("ORRERY_PICTURES"); !folder.isEmpty())
            m_window->grab().save(QString::fromLocal8Bit(folder) +
                                  u"/inspect-720-%1.png"_s.arg(QLatin1String(QTest::currentDataTag())));
    }
    void theMemoryStandsUnderTheMapsOfAHigherWindow()
    {
        open({1440, 900});
        raiseMemory();
        const auto *attention = m_window->findChild<AttentionPair *>();
        QVERIFY(m_window->microscope().isVisible() && m_memory->isVisible());
        QVERIFY2(attention->height() > 460, qPrintable(sizes()));
    }
    void whereItWasPutItStays()
    {
        open({1280, 800});
        auto *dock = child<QDockWidget>(m_window.get(), "plugin_memory_memory");
        QCOMPARE(m_window->dockWidgetArea(dock), Qt::RightDockWidgetArea);
        m_window->addDockWidget(Qt::BottomDockWidgetArea, dock);
        QTRY_VERIFY(m_memory->isVisible() && m_window->microscope().isVisible());
        m_window->showLayout(WindowLayout::Train);
        m_window->showLayout(WindowLayout::Inspect);
        QCOMPARE(m_window->dockWidgetArea(dock), Qt::BottomDockWidgetArea);
        QVERIFY(m_memory->isVisible());
    }
    void showsAllOfTheMemoryWhereThereIsRoom()
    {
        open({1440, 1100});
        raiseMemory();
        const auto *scroll = child<QScrollArea>(m_memory, "memoryScroll");
        QVERIFY2(scroll->verticalScrollBar()->maximum() == 0, qPrintable(sizes()));
        if (const QByteArray folder = qgetenv("ORRERY_PICTURES"); !folder.isEmpty())
            m_window->grab().save(QString::fromLocal8Bit(folder) + u"/inspect-1100.png"_s);
    }
};

ORRERY_GUI_TEST_MAIN(TestInspectLayout)
#include "tst_inspect_layout.moc"
