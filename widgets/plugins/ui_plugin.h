// SPDX-License-Identifier: GPL-3.0-or-later
// What the window half of a plugin implements, and what it is given. A shared library that links Qt and this
// header; what else it uses of widgets/ it takes from the running window, which exports it. GUI thread only.
// See docs/plugins.md. The interface only grows within one kPluginApiVersion: new virtual functions go to the
// end of their class.
#pragma once

#include "core/base/result.h"
#include "core/spec/plugin_info.h"

#include <QString>
#include <QVariant>
#include <QtGlobal>

#include <cstdint>

class QAction;
class QWidget;

namespace orrery::ui {

class EngineSession;
class Selection;

/// The services of a plugin in the window. Valid from configure() to stop().
class UiContext {
public:
    virtual ~UiContext() = default;
    [[nodiscard]] virtual const PluginInfo &plugin() const = 0; ///< @since 1
    [[nodiscard]] virtual EngineSession &session() = 0;         ///< @since 1
    /// A dock of its own, hidden until somebody opens it from the View menu; the window owns the widget. The
    /// text is already translated. @param name part of the dock's object name: letters, digits and "_" @since
    /// 1
    virtual Result<void> addPanel(const QString &name, const QString &title, QWidget *panel) = 0;
    /// An entry of the menu "Plugins"; the window owns the action. @since 1
    virtual void addAction(QAction *action) = 0;
    /// What the window remembers for this plugin, under its id. @since 1
    [[nodiscard]] virtual QVariant setting(const QString &key, const QVariant &usual) const = 0;
    virtual void setSetting(const QString &key, const QVariant &value) = 0; ///< @since 1
    /// What the whole window looks at; panels follow it and set it. @since 1
    [[nodiscard]] virtual Selection &selection() = 0;
    /// Play, with this model: a run, "RUN@step" or a model directory of the engine's computer. @since 1
    virtual void talkTo(const QString &model) = 0;
};

/// Life: create, configure, start, (the window), stop, destroy. An error or exception on the way up leaves
/// the plugin out; the window goes on and the Plugins page says why.
class UiPlugin {
public:
    virtual ~UiPlugin() = default;
    /// Adds panels and actions. @error whatever keeps the plugin from being useful
    virtual Result<void> configure(UiContext &context) = 0;
    virtual Result<void> start() { return {}; } ///< once every window half is configured
    virtual void stop() {}                      ///< before the window goes; must return at once
};

/// What the library exports as orrery_plugin_ui_v1(): plain data, checked before any code of the plugin runs.
struct UiPluginEntry {
    uint32_t size;       ///< of this struct when the plugin was built; it only grows
    uint32_t apiVersion; ///< kPluginApiVersion of those headers
    uint32_t qtVersion;  ///< QT_VERSION; a window with an older Qt cannot load it
    uint32_t layout;     ///< uiLayout() of those headers
    const char *id;
    UiPlugin *(*create)();
    void (*destroy)(UiPlugin *plugin);
};
using UiEntryFunction = const UiPluginEntry *();

/// Changes when the size of a type does that crosses the boundary.
constexpr uint32_t uiLayout()
{
    uint32_t layout = 2166136261u;
    for (const size_t size : {sizeof(PluginInfo), sizeof(Field), sizeof(Error), sizeof(Result<void>),
                              sizeof(QString), sizeof(QVariant)})
        layout = (layout ^ static_cast<uint32_t>(size)) * 16777619u;
    return layout;
}

} // namespace orrery::ui

/// Once in each window library: ORRERY_UI_PLUGIN(my::Plugin, "my_plugin")
#define ORRERY_UI_PLUGIN(Class, pluginId)                                                                    \
    extern "C" __attribute__((visibility("default"))) const orrery::ui::UiPluginEntry *orrery_plugin_ui_v1() \
    {                                                                                                        \
        static const orrery::ui::UiPluginEntry entry = {                                                     \
            sizeof(orrery::ui::UiPluginEntry),                                                               \
            static_cast<uint32_t>(orrery::kPluginApiVersion),                                                \
            QT_VERSION,                                                                                      \
            orrery::ui::uiLayout(),                                                                          \
            pluginId,                                                                                        \
            []() -> orrery::ui::UiPlugin * { return new Class; },                                            \
            [](orrery::ui::UiPlugin *plugin) { delete plugin; }};                                            \
        return &entry;                                                                                       \
    }
