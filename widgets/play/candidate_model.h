// SPDX-License-Identifier: GPL-3.0-or-later
// The most probable alternatives at one token, most probable first, with the one that was taken marked. Takes
// values. GUI thread only.
#pragma once

#include "core/spec/generation.h"

#include <QAbstractListModel>

#include <optional>
#include <vector>

namespace orrery::ui {

class CandidateModel : public QAbstractListModel {
    Q_OBJECT
public:
    enum Role { ProbabilityRole = Qt::UserRole + 1, IsTakenRole, RankRole, ChanceRole };

    using QAbstractListModel::QAbstractListModel;
    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;
    /// A taken token outside the alternatives is added behind them. Nothing: no rows.
    void setToken(const std::optional<GeneratedToken> &token);
    /// What is likely where nothing was taken yet.
    void setProposal(const GeneratedToken &token);
    /// Whether the rows have chances: ChanceRole is then a number, 0 for a candidate that was cut.
    [[nodiscard]] bool hasChances() const { return m_hasChances; }
    [[nodiscard]] int numCut() const;
    [[nodiscard]] const TokenAlternative &alternative(int row) const
    {
        return m_rows[static_cast<size_t>(row)].alternative;
    }

private:
    struct Row {
        TokenAlternative alternative;
        bool isTaken, isRanked;
    };
    static std::vector<Row> rowsOf(const std::optional<GeneratedToken> &token);
    void setRows(std::vector<Row> rows);

    std::vector<Row> m_rows;
    bool m_hasChances = false;
};

} // namespace orrery::ui
