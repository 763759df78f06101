// SPDX-License-Identifier: GPL-3.0-or-later
// Plugins as a table: name, version, state, and what it provides or why it is not used. Takes values. GUI
// thread only.
#pragma once

#include "core/spec/plugin_info.h"

#include <QAbstractTableModel>

#include <map>
#include <vector>

namespace orrery::ui {

/// "Squared ReLU", or the id when the plugin could not be read.
QString pluginTitle(const PluginInfo &plugin);
QString pluginStateText(PluginState state);
/// "FeedForward relu_squared, Block fused".
QString providedText(const PluginInfo &plugin);

class PluginListModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { NameColumn, VersionColumn, StateColumn, NoteColumn, kNumColumns };
    enum Role { IdRole = Qt::UserRole + 1 };

    using QAbstractTableModel::QAbstractTableModel;
    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    /// Rows that stay keep their place, so that a selection does, too.
    void setPlugins(std::vector<PluginInfo> plugins);
    /// What became of the window halves that were loaded here, by id; an empty text is fine.
    void setUiProblems(std::map<std::string, QString> problems);
    [[nodiscard]] const std::vector<PluginInfo> &plugins() const { return m_plugins; }
    [[nodiscard]] QString uiProblem(const std::string &id) const;

private:
    std::vector<PluginInfo> m_plugins;
    std::map<std::string, QString> m_uiProblems;
};

} // namespace orrery::ui
