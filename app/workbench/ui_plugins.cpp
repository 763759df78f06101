// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/ui_plugins.h"

#include "app/workbench/main_window.h"
#include "app/workbench/ui_library.h"
#include "core/base/log.h"
#include "widgets/common/number_text.h"
#include "widgets/plugins/plugins_panel.h"
#include "widgets/plugins/ui_plugin.h"

#include <QAction>
#include <QDockWidget>
#include <QPointer>

#include <exception>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

/// Whatever leaves a plugin's code becomes an error.
template <typename Function> Result<void> guarded(const char *what, Function &&function)
{
    const auto failed = [&](const std::string &reason) {
        return uiRefusal(std::string(what) + " failed: " + reason);
    };
    try {
        Result<void> result = function();
        return result.ok() ? result : failed(result.error().text());
    } catch (const std::exception &error) {
        return failed(error.what());
    } catch (...) {
        return failed("it threw something that is no exception class");
    }
}

bool isPlainName(const QString &name)
{
    return !name.isEmpty() && std::all_of(name.begin(), name.end(), [](QChar c) {
        return c == u'_' || (c.unicode() < 128 && c.isLetterOrNumber());
    });
}

} // namespace

/// One plugin in the window, with what it has put there.
class UiPlugins::Instance final : public UiContext {
public:
    Instance(UiPlugins &owner, PluginInfo info) : m_owner(owner), m_info(std::move(info)) {}
    ~Instance() override
    {
        if (!m_plugin) return;
        tell(guarded("stop()", [this]() -> Result<void> {
            m_plugin->stop();
            return {};
        }));
        for (const auto &dock : m_docks) delete dock.data();
        for (const auto &action : m_actions) delete action.data();
        tell(guarded("destruction", [this]() -> Result<void> {
            m_entry->destroy(m_plugin);
            return {};
        }));
    }
    Result<void> open(const std::filesystem::path &library)
    {
        ORRERY_ASSIGN(m_entry, openUiLibrary(m_info.id, library));
        ORRERY_TRY(guarded("create()", [this]() -> Result<void> {
            m_plugin = m_entry->create();
            if (m_plugin) return {};
            return Error{ErrorCode::InvalidInput, "it made nothing.", ""};
        }));
        return guarded("configure()", [this] { return m_plugin->configure(*this); });
    }
    Result<void> start()
    {
        return guarded("start()", [this] { return m_plugin->start(); });
    }

    [[nodiscard]] const PluginInfo &plugin() const override { return m_info; }
    [[nodiscard]] EngineSession &session() override { return m_owner.m_session; }
    [[nodiscard]] Selection &selection() override { return m_owner.m_window.selection(); }
    void talkTo(const QString &model) override { m_owner.m_window.openModel(model); }
    Result<void> addPanel(const QString &name, const QString &title, QWidget *panel) override
    {
        if (!panel || !isPlainName(name))
            return Error{ErrorCode::InvalidInput,
                         "Cannot add panel \"" + toStd(name) +
                             "\": expected a widget and a name of letters, digits and \"_\".",
                         ""};
        ORRERY_ASSIGN(
            QDockWidget *const dock,
            m_owner.m_window.addPluginPanel(u"plugin_"_s + fromStd(m_info.id) + u'_' + name, title, panel));
        m_docks.emplace_back(dock);
        return {};
    }
    void addAction(QAction *action) override
    {
        if (!action) return;
        m_actions.emplace_back(action);
        const QString id = u"plugin.%1.%2"_s.arg(fromStd(m_info.id)).arg(m_actions.size());
        tell(m_owner.m_window.addPluginAction(id, action)); // its key may be taken
    }
    [[nodiscard]] QVariant setting(const QString &key, const QVariant &usual) const override
    {
        return m_owner.m_settings.value(settingKey(key), usual);
    }
    void setSetting(const QString &key, const QVariant &value) override
    {
        m_owner.m_settings.setValue(settingKey(key), value);
    }

private:
    [[nodiscard]] QString settingKey(const QString &key) const
    {
        return u"plugins/"_s + fromStd(m_info.id) + u'/' + key;
    }
    void tell(const Result<void> &result) const
    {
        if (!result.ok()) logWarning("Plugin " + m_info.id + ": " + result.error().message);
    }

    UiPlugins &m_owner;
    PluginInfo m_info;
    const UiPluginEntry *m_entry = nullptr;
    UiPlugin *m_plugin = nullptr; ///< freed by the library that made it
    std::vector<QPointer<QDockWidget>> m_docks;
    std::vector<QPointer<QAction>> m_actions;
};

UiPlugins::UiPlugins(MainWindow &window, EngineSession &session, QSettings &settings)
    : m_window(window), m_session(session), m_settings(settings)
{
    m_window.setLoadingPlugins(true);
}

UiPlugins::~UiPlugins()
{
    while (!m_instances.empty()) m_instances.pop_back(); // last loaded first
}

void UiPlugins::load(const PluginCatalogue &catalogue, const std::map<std::string, Error> &fallen)
{
    const auto leaveOut = [this](const std::string &id, const Error &error) {
        logWarning("Plugin " + id + ": " + error.text());
        m_problems[id] = fromStd(error.message);
    };
    for (const PluginRecord &record : catalogue.records()) {
        if (!record.info.isUsable() || record.uiLibrary.empty()) continue;
        m_problems[record.info.id] = QString();
        if (const auto fell = fallen.find(record.info.id); fell != fallen.end()) {
            leaveOut(record.info.id, fell->second);
            continue;
        }
        auto instance = std::make_unique<Instance>(*this, record.info);
        if (const auto opened = instance->open(record.uiLibrary); !opened)
            leaveOut(record.info.id, opened.error());
        else
            m_instances.push_back(std::move(instance));
    }
    std::vector<std::unique_ptr<Instance>> started;
    for (auto &instance : m_instances) {
        if (const auto result = instance->start(); !result)
            leaveOut(instance->plugin().id, result.error());
        else
            started.push_back(std::move(instance));
    }
    m_instances = std::move(started);
    m_window.pluginsPanel().setUiProblems(m_problems);
    m_window.setLoadingPlugins(false);
}

} // namespace orrery::ui
