// SPDX-License-Identifier: Apache-2.0
// The built window half: its entry, what it adds to the window, and what it remembers there.
#include "plugins/memory/tests/memory_panel_samples.h"
#include "plugins/memory/ui/memory_model.h"
#include "plugins/memory/ui/memory_panel.h"
#include "tests/widgets/common/gui_test.h"
#include "widgets/plugins/ui_plugin.h"
#include "widgets/session/selection.h"

#include <QAction>
#include <QDockWidget>
#include <QLabel>
#include <QStackedWidget>

#include <dlfcn.h>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

class TestContext : public UiContext {
public:
    explicit TestContext(EngineSession &session) : m_session(session) { m_info.id = "memory"; }
    [[nodiscard]] const PluginInfo &plugin() const override { return m_info; }
    [[nodiscard]] EngineSession &session() override { return m_session; }
    Result<void> addPanel(const QString &name, const QString &title, QWidget *panel) override
    {
        if (refusesPanels)
            return Error{ErrorCode::Conflict, "Cannot add panel: there is one of this name.", ""};
        dock.setObjectName(name);
        dock.setWindowTitle(title);
        dock.setWidget(panel);
        dock.hide();
        return {};
    }
    void addAction(QAction *action) override { action->setParent(&dock); }
    [[nodiscard]] QVariant setting(const QString &key, const QVariant &usual) const override
    {
        return settings.value(key, usual);
    }
    void setSetting(const QString &key, const QVariant &value) override { settings[key] = value; }

    [[nodiscard]] Selection &selection() override { return window; }
    void talkTo(const QString &model) override { talkedTo = model; }

    QDockWidget dock;
    Selection window;
    QVariantMap settings;
    QString talkedTo;
    bool refusesPanels = false;

private:
    EngineSession &m_session;
    PluginInfo m_info;
};

} // namespace

class TestMemoryPanelPlugin : public QObject {
    Q_OBJECT

    const UiPluginEntry *m_entry = nullptr;

private Q_SLOTS:
    void initTestCase()
    {
        // Used here, so that the linker takes the widgets that the library looks for in this program.
        QVERIFY(memory_ui::MemoryPanel::staticMetaObject.className());
        {
            MemorySession session;
            memory_ui::MemoryPanel panel(session);
        }
        void *library = ::dlopen(ORRERY_MEMORY_UI, RTLD_NOW | RTLD_LOCAL);
        QVERIFY2(library, library ? "" : ::dlerror());
        auto *function = reinterpret_cast<UiEntryFunction *>(::dlsym(library, "orrery_plugin_ui_v1"));
        QVERIFY(function);
        m_entry = function();
    }
    void fitsThisWindow()
    {
        QCOMPARE(m_entry->apiVersion, uint32_t(kPluginApiVersion));
        QCOMPARE(m_entry->layout, uiLayout());
        QCOMPARE(m_entry->size, uint32_t(sizeof(UiPluginEntry)));
        QCOMPARE(QByteArray(m_entry->id), QByteArray("memory"));
    }
    void opensEmptyAndOnSampleData_data()
    {
        QTest::addColumn<bool>("isFilled");
        QTest::newRow("empty") << false;
        QTest::newRow("sample") << true;
    }
    void opensEmptyAndOnSampleData()
    {
        QFETCH(bool, isFilled);
        MemorySession session;
        if (isFilled) fillMemory(session);
        TestContext context(session);
        UiPlugin *plugin = m_entry->create();
        QVERIFY(plugin->configure(context).ok());
        QVERIFY(plugin->start().ok());
        QCOMPARE(context.dock.objectName(), u"memory"_s);
        QCOMPARE(context.dock.windowTitle(), u"Memory"_s);
        QVERIFY(session.edits.empty()); // nobody sees it yet
        QCOMPARE(context.dock.findChildren<QAction *>(Qt::FindDirectChildrenOnly).isEmpty(), false);
        QAction *show = nullptr;
        for (QAction *action : context.dock.findChildren<QAction *>(Qt::FindDirectChildrenOnly))
            if (action->text() == u"Show what a model remembers") show = action;
        QVERIFY(show);
        context.dock.resize(900, 700);
        show->trigger();
        QVERIFY(context.dock.isVisible());
        QTRY_COMPARE(session.edits.size(), size_t(isFilled ? 1 : 0));
        if (isFilled) QTRY_COMPARE(child<QLabel>(&context.dock, "shownCount")->text(), u"6 events"_s);
        QVERIFY(!context.dock.grab().isNull());
        // A model that has learned is opened by the window.
        QVERIFY(QMetaObject::invokeMethod(context.dock.widget(), "talkRequested", Q_ARG(QString, u"/models/learned"_s)));
        QCOMPARE(context.talkedTo, u"/models/learned"_s);
        plugin->stop();
        delete context.dock.widget();
        m_entry->destroy(plugin);
    }
    void remembersItsPlaceInTheWindow()
    {
        MemorySession session;
        fillMemory(session);
        TestContext context(session);
        UiPlugin *plugin = m_entry->create();
        QVERIFY(plugin->configure(context).ok());
        child<QLineEdit>(&context.dock, "memoryFilter")->setText(u"pot"_s);
        QCOMPARE(context.settings.value(u"panel"_s).toMap().value(u"filter"_s).toString(), u"pot"_s);
        delete context.dock.widget();
        m_entry->destroy(plugin);
        plugin = m_entry->create();
        QVERIFY(plugin->configure(context).ok());
        QCOMPARE(child<QLineEdit>(&context.dock, "memoryFilter")->text(), u"pot"_s);
        delete context.dock.widget();
        m_entry->destroy(plugin);
    }
    void handsOnWhyThereIsNoPanel()
    {
        MemorySession session;
        TestContext context(session);
        context.refusesPanels = true;
        UiPlugin *plugin = m_entry->create();
        const Result<void> configured = plugin->configure(context);
        QVERIFY(!configured.ok());
        QCOMPARE(configured.error().message, std::string("Cannot add panel: there is one of this name."));
        m_entry->destroy(plugin);
    }
};

ORRERY_GUI_TEST_MAIN(TestMemoryPanelPlugin)
#include "tst_memory_panel_plugin.moc"
