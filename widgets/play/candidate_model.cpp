// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/candidate_model.h"

#include "widgets/common/number_text.h"
#include "widgets/play/sampling_json.h"
#include "widgets/play/token_view.h"

#include <algorithm>

namespace orrery::ui {

int CandidateModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

QVariant CandidateModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid)) return {};
    const Row &row = m_rows[static_cast<size_t>(index.row())];
    const QString text = visibleTokenText(row.alternative.bytes, row.alternative.id);
    switch (role) {
    case Qt::DisplayRole:
        return text;
    case Qt::ToolTipRole: {
        const QString plain = tr("Token id %1, probability %2")
                                  .arg(row.alternative.id)
                                  .arg(row.alternative.probability, 0, 'g', 6);
        if (!m_hasChances) return plain;
        return QString(plain + (row.alternative.chance > 0
                                    ? tr(", chance to be drawn %1").arg(row.alternative.chance, 0, 'g', 6)
                                    : tr("; cut before the draw")));
    }
    case Qt::AccessibleTextRole: {
        QString spoken = tr("%1, probability %2").arg(text, probabilityText(row.alternative.probability));
        if (m_hasChances)
            spoken += row.alternative.chance > 0
                          ? tr(", chance %1").arg(probabilityText(row.alternative.chance))
                          : tr(", cut");
        return QString(spoken + (row.isTaken ? tr(", taken") : QString()));
    }
    case ChanceRole:
        return m_hasChances ? QVariant(row.alternative.chance) : QVariant();
    case ProbabilityRole:
        return row.alternative.probability;
    case IsTakenRole:
        return row.isTaken;
    case RankRole:
        return row.isRanked ? index.row() + 1 : 0;
    default:
        return {};
    }
}

std::vector<CandidateModel::Row> CandidateModel::rowsOf(const std::optional<GeneratedToken> &token)
{
    std::vector<Row> rows;
    if (token) {
        bool hasTaken = false;
        for (const TokenAlternative &alternative : token->alternatives) {
            rows.push_back({alternative, alternative.id == token->id, true});
            hasTaken = hasTaken || alternative.id == token->id;
        }
        if (!hasTaken)
            rows.push_back({{token->id, token->bytes, token->probability, token->chance}, true, false});
    }
    return rows;
}

void CandidateModel::setToken(const std::optional<GeneratedToken> &token)
{
    m_hasChances = token && ui::hasChances(*token);
    setRows(rowsOf(token));
}

int CandidateModel::numCut() const
{
    if (!m_hasChances) return 0;
    return static_cast<int>(std::count_if(m_rows.begin(), m_rows.end(),
                                          [](const Row &row) { return row.alternative.chance <= 0; }));
}

void CandidateModel::setProposal(const GeneratedToken &token)
{
    m_hasChances = false; // nothing is drawn here
    std::vector<Row> rows = rowsOf(token);
    for (Row &row : rows) row.isTaken = false;
    setRows(std::move(rows));
}

void CandidateModel::setRows(std::vector<Row> rows)
{
    const auto numKept = std::min(rows.size(), m_rows.size());
    if (rows.size() < m_rows.size()) {
        beginRemoveRows({}, static_cast<int>(rows.size()), rowCount() - 1);
        m_rows.resize(rows.size());
        endRemoveRows();
    } else if (rows.size() > m_rows.size()) {
        beginInsertRows({}, rowCount(), static_cast<int>(rows.size()) - 1);
        m_rows.insert(m_rows.end(), rows.begin() + static_cast<std::ptrdiff_t>(m_rows.size()), rows.end());
        endInsertRows();
    }
    m_rows = std::move(rows);
    if (numKept > 0) Q_EMIT dataChanged(index(0), index(static_cast<int>(numKept) - 1));
}

} // namespace orrery::ui
