// SPDX-License-Identifier: GPL-3.0-or-later
// Versions of one answer as the rows of a tree: each stands below the one that it began as, in the order of
// the places where they part. Takes values. GUI thread only.
#pragma once

#include "widgets/play/generation_version.h"

#include <QAbstractListModel>

#include <vector>

namespace orrery::ui {

struct VersionRow {
    int index = -1;          ///< in the list that was given
    int depth = 0;           ///< 0: it began on its own
    bool isLast = true;      ///< of those that part from the same version
    uint32_t openLevels = 0; ///< bit d: a line goes on below at depth d
};

std::vector<VersionRow> versionTree(const std::vector<VersionPtr> &versions);

class VersionTreeModel : public QAbstractListModel {
    Q_OBJECT
public:
    enum Role { DetailRole = Qt::UserRole + 1, ShortDetailRole, IsRunningRole, RowRole };

    using QAbstractListModel::QAbstractListModel;
    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;
    /// Rows are reset only where the tree has another shape.
    void setVersions(const std::vector<VersionPtr> &versions);
    /// Tokens came to it.
    void announce(const VersionPtr &version);
    [[nodiscard]] const VersionRow &row(int row) const { return m_rows[static_cast<size_t>(row)]; }
    [[nodiscard]] int rowOf(int index) const; ///< -1: none
    [[nodiscard]] const VersionPtr &version(int row) const;
    /// Tab-separated, with a head.
    [[nodiscard]] QString toText() const;

private:
    std::vector<VersionPtr> m_versions;
    std::vector<VersionRow> m_rows;
};

} // namespace orrery::ui
