// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/compare/lineage_model.h"

#include "widgets/common/number_text.h"
#include "widgets/common/plain_tool_tip.h"
#include "widgets/common/run_text.h"
#include "widgets/common/tone_label.h"
#include "widgets/compare/settings_difference.h"
#include "widgets/theme/theme.h"

#include <QHash>

#include <algorithm>
#include <cmath>
#include <functional>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

/// Runs and parents that are gone, by their ids.
std::vector<LineageNode> allNodes(const std::vector<RunStatus> &runs, QHash<QString, int> &places)
{
    std::vector<LineageNode> nodes;
    std::vector<const RunStatus *> byAge;
    for (const RunStatus &run : runs) byAge.push_back(&run);
    std::stable_sort(byAge.begin(), byAge.end(),
                     [](const RunStatus *a, const RunStatus *b) { return a->createdAt < b->createdAt; });
    for (const RunStatus *run : byAge) {
        LineageNode node;
        node.id = fromStd(run->id);
        node.title = runTitle(*run);
        node.fromStep = run->parent.empty() ? -1 : run->parentStep;
        node.step = run->step;
        node.state = run->state;
        node.bestValLoss = run->bestValLoss;
        if (places.contains(node.id)) continue;
        places.insert(node.id, int(nodes.size()));
        nodes.push_back(std::move(node));
    }
    for (const RunStatus *run : byAge) {
        const QString parent = fromStd(run->parent);
        if (parent.isEmpty() || places.contains(parent)) continue;
        LineageNode gone;
        gone.id = gone.title = parent;
        gone.isGone = true;
        places.insert(parent, int(nodes.size()));
        nodes.push_back(std::move(gone));
    }
    return nodes;
}

/// Whether going up from a node leads to another one.
bool leadsTo(const std::vector<LineageNode> &nodes, int from, int to)
{
    for (int at = from; at >= 0; at = nodes[size_t(at)].parent)
        if (at == to) return true;
    return false;
}

int rootOf(const std::vector<LineageNode> &nodes, int at)
{
    while (nodes[size_t(at)].parent >= 0) at = nodes[size_t(at)].parent;
    return at;
}

} // namespace

bool LineageNode::operator==(const LineageNode &other) const
{
    return id == other.id && title == other.title && fromStep == other.fromStep && isGone == other.isGone &&
           parent == other.parent && children == other.children;
}

std::vector<LineageNode> lineageOf(const std::vector<RunStatus> &runs, const QStringList &chosen)
{
    QHash<QString, int> places;
    std::vector<LineageNode> all = allNodes(runs, places);
    for (const RunStatus &run : runs) {
        if (run.parent.empty()) continue;
        const int child = places.value(fromStd(run.id)), parent = places.value(fromStd(run.parent));
        if (all[size_t(child)].parent < 0 && !leadsTo(all, parent, child)) all[size_t(child)].parent = parent;
    }
    for (size_t i = 0; i < all.size(); ++i)
        if (all[i].parent >= 0) all[size_t(all[i].parent)].children.push_back(int(i));
    std::vector<bool> isWanted(all.size());
    for (const QString &run : chosen)
        if (const auto place = places.constFind(run); place != places.constEnd())
            isWanted[size_t(rootOf(all, *place))] = true;
    // Anew in the order in which they are drawn.
    std::vector<LineageNode> nodes;
    const std::function<void(int, int)> take = [&](int at, int parent) {
        const int place = int(nodes.size());
        nodes.push_back(all[size_t(at)]);
        nodes.back().parent = parent;
        nodes.back().children.clear();
        if (parent >= 0) nodes[size_t(parent)].children.push_back(place);
        for (const int child : all[size_t(at)].children) take(child, place);
    };
    for (size_t i = 0; i < all.size(); ++i)
        if (all[i].parent < 0 && isWanted[i] && !all[i].children.empty()) take(int(i), -1);
    return nodes;
}

QString changesText(const RunSettings &parent, const RunSettings &child)
{
    // They are values of others: no copies are made of them.
    const auto shared = [](const RunSettings &settings) { return RunSettings::Ptr(RunSettings::Ptr(), &settings); };
    QStringList changes;
    for (const DifferenceRow &row : settingsDifference({{{}, {}, shared(parent)}, {{}, {}, shared(child)}})) {
        if (!row.isDifferent) continue;
        const auto said = [](const DifferenceCell &cell) {
            return !cell.isKnown ? unknownText() : cell.text.isEmpty() ? u"“”"_s : cell.text;
        };
        changes << u"%1 %2 → %3"_s.arg(row.label, said(row.cells[0]), said(row.cells[1]));
    }
    return changes.join(u", "_s);
}

void LineageModel::setNodes(std::vector<LineageNode> nodes)
{
    if (nodes == m_nodes) { // numbers only
        m_nodes = std::move(nodes);
        refresh();
        return;
    }
    beginResetModel();
    m_nodes = std::move(nodes);
    m_roots.clear();
    for (size_t i = 0; i < m_nodes.size(); ++i)
        if (m_nodes[i].parent < 0) m_roots.push_back(int(i));
    m_lastStep = 1;
    for (const LineageNode &node : m_nodes) m_lastStep = std::max({m_lastStep, node.step, node.fromStep});
    endResetModel();
}

void LineageModel::refresh()
{
    for (const LineageNode &node : m_nodes) m_lastStep = std::max({m_lastStep, node.step, node.fromStep});
    const std::function<void(const QModelIndex &)> tell = [&](const QModelIndex &parent) {
        const int number = rowCount(parent);
        if (number == 0) return;
        Q_EMIT dataChanged(index(0, 0, parent), index(number - 1, kNumColumns - 1, parent));
        for (int row = 0; row < number; ++row) tell(index(row, 0, parent));
    };
    tell({});
}

const std::vector<int> &LineageModel::childrenOf(const QModelIndex &parent) const
{
    return parent.isValid() ? m_nodes[parent.internalId()].children : m_roots;
}

QModelIndex LineageModel::index(int row, int column, const QModelIndex &parent) const
{
    if (!hasIndex(row, column, parent)) return {};
    return createIndex(row, column, quintptr(childrenOf(parent)[size_t(row)]));
}

QModelIndex LineageModel::parent(const QModelIndex &index) const
{
    if (!index.isValid()) return {};
    const int parent = m_nodes[index.internalId()].parent;
    if (parent < 0) return {};
    const int above = m_nodes[size_t(parent)].parent;
    const std::vector<int> &brothers = above < 0 ? m_roots : m_nodes[size_t(above)].children;
    const auto found = std::find(brothers.begin(), brothers.end(), parent);
    return createIndex(int(found - brothers.begin()), 0, quintptr(parent));
}

int LineageModel::rowCount(const QModelIndex &parent) const
{
    return parent.column() > 0 ? 0 : int(childrenOf(parent).size());
}

int LineageModel::columnCount(const QModelIndex &) const { return kNumColumns; }

QModelIndex LineageModel::indexOf(const QString &run) const
{
    for (size_t i = 0; i < m_nodes.size(); ++i) {
        if (m_nodes[i].id != run) continue;
        const int above = m_nodes[i].parent;
        const std::vector<int> &brothers = above < 0 ? m_roots : m_nodes[size_t(above)].children;
        const auto found = std::find(brothers.begin(), brothers.end(), int(i));
        return createIndex(int(found - brothers.begin()), 0, quintptr(i));
    }
    return {};
}

QString LineageModel::changed(const LineageNode &node) const
{
    if (node.parent < 0) return node.isGone ? tr("not in the list any more") : tr("the first of its family");
    const LineageNode &above = m_nodes[size_t(node.parent)];
    const CompareFacts *child = m_facts(node.id), *parent = m_facts(above.id);
    if (!child) return unknownText();
    if (child->settings.isWaiting() || (parent && parent->settings.isWaiting())) return u"…"_s;
    if (!child->settings.value) return child->settings.problem;
    const RunSettings &settings = **child->settings.value;
    if (parent && parent->settings.value) {
        const QString text = changesText(**parent->settings.value, settings);
        return text.isEmpty() ? tr("nothing") : text;
    }
    // Its own spec tells the keys, not what they were.
    QStringList labels;
    for (const QString &key : settings.branchChanged) labels << settingLabel(settings, key);
    return labels.isEmpty() ? tr("nothing") : labels.join(u", "_s);
}

QVariant LineageModel::text(const LineageNode &node, int column) const
{
    switch (column) {
    case RunColumn:
        return node.isGone ? tr("%1 (gone)").arg(node.title) : node.title;
    case FromColumn:
        return node.fromStep < 0 ? unknownText() : integerText(node.fromStep);
    case StepsColumn:
        return node.isGone ? unknownText() : integerText(node.step);
    case LossColumn:
        return lossText(node.bestValLoss);
    default:
        return changed(node);
    }
}

QVariant LineageModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid()) return {};
    const LineageNode &node = m_nodes[index.internalId()];
    switch (role) {
    case Qt::DisplayRole:
        return text(node, index.column());
    case Qt::ToolTipRole:
        return plainToolTip(index.column() == RunColumn ? u"%1\n%2"_s.arg(node.title, tr("Id: %1").arg(node.id))
                                                        : text(node, index.column()).toString());
    case Qt::AccessibleTextRole: {
        if (index.column() != RunColumn) return text(node, index.column());
        QString said = text(node, RunColumn).toString();
        if (!node.isGone) said += u", "_s + runStateWord(node.state);
        if (node.fromStep >= 0) said += tr(", branched at step %1, changed: %2").arg(integerText(node.fromStep), changed(node));
        return said;
    }
    case Qt::TextAlignmentRole:
        return int((index.column() == FromColumn || index.column() == LossColumn ? Qt::AlignRight : Qt::AlignLeft) |
                   Qt::AlignVCenter);
    case Qt::ForegroundRole:
        return node.isGone || index.column() == ChangedColumn ? QVariant(toneColor(Tone::Secondary)) : QVariant();
    case RunRole:
        return node.isGone ? QString() : node.id;
    case StateRole:
        return int(node.state);
    case FromRole:
        return std::max<qint64>(node.fromStep, 0);
    case StepRole:
        return node.step;
    case LastStepRole:
        return m_lastStep;
    case ColorRole:
        return node.isGone ? QVariant() : QVariant(Theme::instance().runColor(runColorIndex(node.id)));
    case IsGoneRole:
        return node.isGone;
    default:
        return {};
    }
}

QVariant LineageModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::TextAlignmentRole)
        return int((section == FromColumn || section == LossColumn ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    if (role != Qt::DisplayRole) return {};
    const QString titles[] = {tr("Run"), tr("From step"), tr("Steps"), tr("Best val. loss"), tr("Changed")};
    return section >= 0 && section < kNumColumns ? titles[section] : QVariant();
}

} // namespace orrery::ui
