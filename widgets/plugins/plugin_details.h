// SPDX-License-Identifier: GPL-3.0-or-later
// One plugin: what it is, why it cannot be used, its settings, and the way into a run. GUI thread only.
#pragma once

#include "core/spec/plugin_info.h"

#include "widgets/common/column_scroll.h"

#include <QMap>

class QPushButton;

namespace orrery::ui {

class ElidedLabel;
class KeyValueGrid;
class PluginSettingsForm;
class ToneLabel;

class PluginDetails : public ColumnScroll {
    Q_OBJECT
public:
    explicit PluginDetails(QWidget *parent = nullptr);
    /// Shows a plugin; what was typed into its settings stays while it is the same version of the same one.
    /// @param uiProblem why its window half is not there; empty: fine, or it has none
    void setPlugin(const PluginInfo &plugin, const QString &uiProblem);
    [[nodiscard]] const PluginInfo &plugin() const { return m_plugin; }
    /// The values of a spec that use the plugin with the settings given here: the first name of each part it
    /// provides, or its id in plugins.use, then the settings.
    [[nodiscard]] QList<std::pair<QString, QString>> specValues() const;
    /// `orrery-engine train --data example --set …` with those.
    [[nodiscard]] QString command() const;
    [[nodiscard]] PluginSettingsForm *settings() const { return m_settings; }
    [[nodiscard]] QPushButton *useButton() const { return m_use; }

Q_SIGNALS:
    void useRequested();

private:
    void updateButtons();

    PluginInfo m_plugin;
    ToneLabel *m_title, *m_reason, *m_hint, *m_provides, *m_requires, *m_settingsTitle, *m_settingsNote;
    ElidedLabel *m_folder;
    KeyValueGrid *m_facts;
    PluginSettingsForm *m_settings;
    QPushButton *m_use, *m_copy;
};

} // namespace orrery::ui
