// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/memory/ui/uses_model.h"

#include "widgets/common/counted.h"
#include "widgets/common/number_text.h"
#include "widgets/common/tone_label.h"

using namespace Qt::StringLiterals;
using orrery::ui::counted;
using orrery::ui::integerText;

namespace orrery::memory_ui {
namespace {

QString shareText(double share)
{
    const double percent = 100 * share;
    if (percent > 0 && percent < 0.0005) return u"< 0.001 %"_s;
    return ui::fixedText(percent, percent >= 9.995 ? 1 : percent >= 0.995 ? 2 : 3) + u" %"_s;
}

} // namespace

int UsesModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int UsesModel::columnCount(const QModelIndex &parent) const { return parent.isValid() ? 0 : kNumColumns; }

QString UsesModel::readersText(const MemoryUse::Value &value) const
{
    QStringList parts;
    for (const MemoryUse::Reader &reader : value.readers) {
        const bool isThere = reader.token >= 0 && reader.token < std::ssize(m_tokens);
        const QString token = isThere ? ReadsModel::tokenName(m_tokens[static_cast<size_t>(reader.token)]) : QString();
        parts << tr("%1 [%2] by head %3, %4").arg(integerText(reader.token), token, integerText(reader.head), ui::probabilityText(reader.weight));
    }
    const int64_t numOthers = value.numReads - std::ssize(value.readers);
    if (numOthers > 0) parts << counted(numOthers, tr("1 more"), tr("%1 more"));
    return parts.join(u"; "_s);
}

QString UsesModel::cellText(const Row &row, int column) const
{
    const MemoryUse::Value &value = valueOf(row);
    switch (column) {
    case ValueColumn: // its layer where there are several
        return m_uses.size() > 1 ? tr("%1 in layer %2").arg(integerText(value.slot), integerText(m_uses[row.use].layer))
                                 : integerText(value.slot);
    case ReadersColumn:
        return readersText(value);
    case ReadsColumn:
        return integerText(value.numReads);
    case ShareColumn:
        return shareText(value.share);
    default:
        return {};
    }
}

QVariant UsesModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid() || index.row() >= rowCount()) return {};
    const Row &row = m_rows[static_cast<size_t>(index.row())];
    switch (role) {
    case Qt::DisplayRole:
        return cellText(row, index.column());
    case Qt::AccessibleTextRole:
        return tr("%1: %2").arg(headerData(index.column(), Qt::Horizontal, Qt::DisplayRole).toString(),
                                cellText(row, index.column()));
    case Qt::TextAlignmentRole:
        return headerData(index.column(), Qt::Horizontal, role);
    case Qt::ForegroundRole:
        return ui::toneColor(index.column() == ReadsColumn ? ui::Tone::Secondary : ui::Tone::Text);
    case Qt::ToolTipRole:
        return u"<p>%1</p>"_s.arg(cellText(row, index.column()).toHtmlEscaped());
    case WeightRole: {
        const double most = m_uses[row.use].values.front().share;
        return most > 0 ? valueOf(row).share / most : 0.0;
    }
    default:
        return {};
    }
}

QVariant UsesModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(
            Qt::Alignment(Qt::AlignVCenter | (section == ReadersColumn ? Qt::AlignLeft : Qt::AlignRight)));
    if (role == Qt::ToolTipRole) {
        switch (section) {
        case ValueColumn:
            return tr("Which value of the semantic memory, counted from 0");
        case ReadersColumn:
            return tr("Where it weighs most: the token that read it, which of the memory's reading heads, and the weight of the "
                      "value in what that head read, 0 to 1");
        case ReadsColumn:
            return tr("How often a head read it at a token");
        case ShareColumn:
            return tr("Share of the value in all that these tokens read; the bar compares it with the first one, linear");
        default:
            return {};
        }
    }
    if (role != Qt::DisplayRole) return {};
    switch (section) {
    case ValueColumn:
        return tr("Value");
    case ReadersColumn:
        return tr("Read most by");
    case ReadsColumn:
        return tr("Reads");
    case ShareColumn:
        return tr("Share");
    default:
        return {};
    }
}

void UsesModel::setReport(const InspectReport &report)
{
    beginResetModel();
    m_uses = report.uses;
    m_tokens = m_uses.empty() ? std::vector<InspectedToken>() : report.tokens;
    m_rows.clear();
    for (size_t i = 0; i < m_uses.size(); ++i)
        for (size_t k = 0; k < m_uses[i].values.size(); ++k) m_rows.push_back({i, k});
    endResetModel();
}

QString UsesModel::toText() const
{
    const auto line = [](const auto &cell) {
        QStringList cells;
        for (int column = 0; column < kNumColumns; ++column) cells << cell(column);
        return cells.join(u'\t') + u'\n';
    };
    QString text = line([this](int column) { return headerData(column, Qt::Horizontal, Qt::DisplayRole).toString(); });
    for (const Row &row : m_rows) text += line([&](int column) { return cellText(row, column); });
    return text;
}

QString UsesModel::summary() const
{
    QStringList sentences;
    for (const MemoryUse &use : m_uses) {
        const QString tokens = counted(use.numTokens, tr("1 token"), tr("%1 tokens"));
        const QString values = counted(use.numValues, tr("1 value"), tr("%1 different values"));
        const QString heads = counted(use.numHeads, tr("1 head"), tr("%1 heads"));
        sentences << tr("%1 read %2 of the semantic memory behind layer %3, each with %4.")
                         .arg(tokens, values, integerText(use.layer), heads);
        const auto numShown = std::ssize(use.values);
        if (numShown < use.numValues) sentences << tr("The %1 that were read most are listed.").arg(integerText(numShown));
    }
    return sentences.join(u' ');
}

} // namespace orrery::memory_ui
