// SPDX-License-Identifier: GPL-3.0-or-later
// Families of runs: who was branched from whom, at which step, and what was changed. A run stands under the one that it came
// from; one that is gone stands there by its id. Takes values. GUI thread only.
#pragma once

#include "widgets/compare/compare_facts.h"

#include <QAbstractItemModel>

#include <vector>

namespace orrery::ui {

struct LineageNode {
    QString id, title;
    qint64 fromStep = -1; ///< checkpoint of the parent; −1: it is the first of its family
    qint64 step = 0;      ///< how far it has come
    bool isGone = false;  ///< the engine does not list it
    RunState state = RunState::Unknown;
    double bestValLoss = std::numeric_limits<double>::quiet_NaN();
    int parent = -1;      ///< place in the list
    std::vector<int> children;
    bool operator==(const LineageNode &other) const;
};

/// Families of the chosen runs that have more than one member; parents before their children, families and children by age.
/// A circle, which only a broken file can have, is cut.
std::vector<LineageNode> lineageOf(const std::vector<RunStatus> &runs, const QStringList &chosen);

/// "Learning rate 0.001 → 0.0005, Seed 1 → 2"; with a reason where it is not known.
QString changesText(const RunSettings &parent, const RunSettings &child);

class LineageModel : public QAbstractItemModel {
    Q_OBJECT
public:
    enum Column { RunColumn, FromColumn, StepsColumn, LossColumn, ChangedColumn, kNumColumns };
    enum Role { RunRole = Qt::UserRole + 1, StateRole, FromRole, StepRole, LastStepRole, ColorRole, IsGoneRole };

    using QAbstractItemModel::QAbstractItemModel;
    [[nodiscard]] QModelIndex index(int row, int column, const QModelIndex &parent = {}) const override;
    [[nodiscard]] QModelIndex parent(const QModelIndex &index) const override;
    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

    void setFacts(FactsOf facts) { m_facts = std::move(facts); }
    void setNodes(std::vector<LineageNode> nodes);
    [[nodiscard]] const std::vector<LineageNode> &nodes() const { return m_nodes; }
    void refresh(); ///< facts or colours are others
    [[nodiscard]] QModelIndex indexOf(const QString &run) const;

private:
    [[nodiscard]] const std::vector<int> &childrenOf(const QModelIndex &parent) const;
    [[nodiscard]] QString changed(const LineageNode &node) const;
    [[nodiscard]] QVariant text(const LineageNode &node, int column) const;

    FactsOf m_facts = [](const QString &) { return nullptr; };
    std::vector<LineageNode> m_nodes;
    std::vector<int> m_roots;
    qint64 m_lastStep = 1;
};

} // namespace orrery::ui
