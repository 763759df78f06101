// SPDX-License-Identifier: GPL-3.0-or-later
// Loads the window halves of the plugins on this computer and gives them their places in the window. A plain
// dlopen of one C symbol, as the worker does it: what Qt's own loader would read from the library, the
// manifest has said already. One that fails is left out with its reason. A library stays loaded. GUI thread
// only; destroyed before the window. Opening a library can end the process: see ui_library.h.
#pragma once

#include "core/plugin/plugin_catalogue.h"

#include <QSettings>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace orrery::ui {

class EngineSession;
class MainWindow;

class UiPlugins {
public:
    /// @param settings of the window; a plugin has the group "plugins/<id>" of it
    UiPlugins(MainWindow &window, EngineSession &session, QSettings &settings);
    ~UiPlugins(); ///< stop() of each, last loaded first; then its panels and actions go, then the plugin
    UiPlugins(const UiPlugins &) = delete;
    UiPlugins &operator=(const UiPlugins &) = delete;

    /// Every usable plugin of the catalogue that has a window half, and tells the page of plugins. Once.
    /// @param fallen as TriedUiLibraries::fallen has them: their libraries are not touched
    void load(const PluginCatalogue &catalogue, const std::map<std::string, Error> &fallen = {});
    [[nodiscard]] int numLoaded() const { return static_cast<int>(m_instances.size()); }
    /// By id, for each that has a window half; an empty text is fine.
    [[nodiscard]] const std::map<std::string, QString> &problems() const { return m_problems; }

private:
    class Instance;
    MainWindow &m_window;
    EngineSession &m_session;
    QSettings &m_settings;
    std::vector<std::unique_ptr<Instance>> m_instances;
    std::map<std::string, QString> m_problems;
};

} // namespace orrery::ui
