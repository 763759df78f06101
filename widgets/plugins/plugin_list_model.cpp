// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plugins/plugin_list_model.h"

#include "widgets/common/number_text.h"
#include "widgets/common/tone_label.h"

#include <QCoreApplication>
#include <QStringList>

namespace orrery::ui {

namespace {

Tone stateTone(PluginState state)
{
    switch (state) {
    case PluginState::Available:
        return Tone::Good;
    case PluginState::Disabled:
        return Tone::Warning;
    case PluginState::Refused:
        return Tone::Error;
    case PluginState::Unknown:
        break;
    }
    return Tone::Secondary;
}

} // namespace

QString pluginTitle(const PluginInfo &plugin)
{
    return fromStd(plugin.name.empty() ? plugin.id : plugin.name);
}

QString pluginStateText(PluginState state)
{
    switch (state) {
    case PluginState::Available:
        return PluginListModel::tr("available");
    case PluginState::Disabled:
        return PluginListModel::tr("disabled");
    case PluginState::Refused:
        return PluginListModel::tr("refused");
    case PluginState::Unknown:
        break;
    }
    return PluginListModel::tr("unknown");
}

QString providedText(const PluginInfo &plugin)
{
    QStringList parts;
    for (const ProvidedPart &part : plugin.provides) parts << fromStd(part.point) + u' ' + fromStd(part.name);
    return parts.join(QStringLiteral(", "));
}

int PluginListModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_plugins.size());
}

int PluginListModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : kNumColumns;
}

QVariant PluginListModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid)) return {};
    const PluginInfo &plugin = m_plugins[static_cast<size_t>(index.row())];
    const QString problem = uiProblem(plugin.id);
    switch (role) {
    case Qt::DisplayRole:
        switch (index.column()) {
        case NameColumn:
            return pluginTitle(plugin);
        case VersionColumn:
            return plugin.version.empty() ? unknownText() : fromStd(plugin.version);
        case StateColumn:
            return pluginStateText(plugin.state);
        default:
            if (!plugin.isUsable()) return fromStd(plugin.reason);
            return problem.isEmpty() ? providedText(plugin) : tr("window half: %1").arg(problem);
        }
    case Qt::ForegroundRole:
        if (index.column() == StateColumn) return toneColor(stateTone(plugin.state));
        if (index.column() == NoteColumn && plugin.isUsable() && !problem.isEmpty())
            return toneColor(Tone::Warning);
        return toneColor(index.column() == NameColumn ? Tone::Text : Tone::Secondary);
    case Qt::ToolTipRole:
        return QString(fromStd(plugin.id) + u'\n' +
                       fromStd(plugin.isUsable() ? plugin.directory : plugin.reason));
    case Qt::AccessibleTextRole:
        if (index.column() == NameColumn)
            return tr("%1, version %2, %3")
                .arg(pluginTitle(plugin), fromStd(plugin.version), pluginStateText(plugin.state));
        return data(index, Qt::DisplayRole);
    case IdRole:
        return fromStd(plugin.id);
    default:
        return {};
    }
}

QVariant PluginListModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(Qt::Alignment(Qt::AlignVCenter | Qt::AlignLeft));
    if (role != Qt::DisplayRole && role != Qt::ToolTipRole) return {}; // the whole where a column is narrow
    switch (section) {
    case NameColumn:
        return tr("Plugin");
    case VersionColumn:
        return tr("Version");
    case StateColumn:
        return tr("State");
    default:
        return tr("Provides, or why not");
    }
}

void PluginListModel::setPlugins(std::vector<PluginInfo> plugins)
{
    const auto numCommon = static_cast<int>(std::min(plugins.size(), m_plugins.size()));
    const auto numBefore = static_cast<int>(m_plugins.size());
    const auto numAfter = static_cast<int>(plugins.size());
    if (numBefore > numAfter) {
        beginRemoveRows({}, numAfter, numBefore - 1);
        m_plugins.resize(plugins.size());
        endRemoveRows();
    }
    std::move(plugins.begin(), plugins.begin() + numCommon, m_plugins.begin());
    if (numCommon > 0) Q_EMIT dataChanged(index(0, 0), index(numCommon - 1, kNumColumns - 1));
    if (numAfter > numBefore) {
        beginInsertRows({}, numBefore, numAfter - 1);
        m_plugins.insert(m_plugins.end(), std::make_move_iterator(plugins.begin() + numCommon),
                         std::make_move_iterator(plugins.end()));
        endInsertRows();
    }
}

void PluginListModel::setUiProblems(std::map<std::string, QString> problems)
{
    m_uiProblems = std::move(problems);
    if (!m_plugins.empty()) Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, kNumColumns - 1));
}

QString PluginListModel::uiProblem(const std::string &id) const
{
    const auto found = m_uiProblems.find(id);
    return found == m_uiProblems.end() ? QString() : found->second;
}

} // namespace orrery::ui
