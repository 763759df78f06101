// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/run_list_delegate.h"

#include "widgets/common/number_text.h"
#include "widgets/common/run_text.h"
#include "widgets/common/sparkline.h"
#include "widgets/runs/run_list_model.h"
#include "widgets/theme/theme.h"

#include <QAbstractProxyModel>
#include <QPainter>

#include <cmath>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kPadding = 8, kMark = 11, kSparkWidth = 60, kMinWidthForSpark = 210;

Tone stateLineTone(const QModelIndex &index)
{
    if (index.data(RunListModel::IsStaleRole).toBool()) return Tone::Warning;
    const auto state = static_cast<RunState>(index.data(RunListModel::StateRole).toInt());
    const bool isBad =
        state == RunState::Failed || state == RunState::Crashed || state == RunState::Unreadable;
    return isBad ? Tone::Error : Tone::Secondary;
}

const std::vector<double> &sparklineOf(const QModelIndex &index)
{
    QModelIndex source = index;
    while (const auto *proxy = qobject_cast<const QAbstractProxyModel *>(source.model()))
        source = proxy->mapToSource(source);
    static const std::vector<double> none;
    const auto *model = qobject_cast<const RunListModel *>(source.model());
    return model && source.isValid() ? model->sparkline(source.row()) : none;
}

} // namespace

QSize RunListDelegate::sizeHint(const QStyleOptionViewItem &, const QModelIndex &) const
{
    const Theme &theme = Theme::instance();
    const int lines = QFontMetrics(theme.headingFont()).height() + QFontMetrics(theme.smallFont()).height();
    return {160, lines + 2 * 6 + 2};
}

void RunListDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option,
                            const QModelIndex &index) const
{
    const Theme &theme = Theme::instance();
    const ThemeTokens &tokens = theme.tokens();
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    const QRectF ground = QRectF(option.rect).adjusted(0.5, 1, -0.5, -1);
    const bool isSelected = option.state & QStyle::State_Selected;
    if (isSelected || (option.state & QStyle::State_MouseOver)) {
        painter->setPen(Qt::NoPen);
        painter->setBrush(isSelected ? tokens.selection : tokens.grid);
        painter->drawRoundedRect(ground, 5, 5);
    }
    if ((option.state & QStyle::State_HasFocus) && (option.state & QStyle::State_KeyboardFocusChange)) {
        painter->setPen(QPen(tokens.accent, 1.5));
        painter->setBrush(Qt::NoBrush);
        painter->drawRoundedRect(ground.adjusted(1, 1, -1, -1), 4, 4);
    }

    const auto state = static_cast<RunState>(index.data(RunListModel::StateRole).toInt());
    const QColor color = theme.runColor(index.data(RunListModel::ColorIndexRole).toInt());
    const QFontMetrics nameMetrics(theme.headingFont()), smallMetrics(theme.smallFont());
    const QRect area = option.rect.adjusted(kPadding, 0, -kPadding, 0);
    const int top =
        option.rect.top() + (option.rect.height() - nameMetrics.height() - smallMetrics.height() - 2) / 2;

    const bool isStale = index.data(RunListModel::IsStaleRole).toBool();

    // First line: mark, name, small curve, loss. The second belongs to the state, which may be a whole
    // sentence.
    const double loss = index.data(RunListModel::LossRole).toDouble();
    const QFontMetrics numberMetrics(theme.baseFont());
    const int lossWidth = std::max(numberMetrics.horizontalAdvance(u"0.000"_s),
                                   numberMetrics.horizontalAdvance(lossText(loss)));
    const QRect lossRect(area.right() - lossWidth + 1, top, lossWidth, nameMetrics.height());
    painter->setFont(theme.baseFont());
    painter->setPen(std::isnan(loss) ? tokens.secondary : tokens.text);
    painter->drawText(lossRect, Qt::AlignRight | Qt::AlignVCenter, lossText(loss));

    int nameRight = lossRect.left() - kPadding;
    if (area.width() >= kMinWidthForSpark) {
        const QRectF spark(nameRight - kSparkWidth, top, kSparkWidth, nameMetrics.height());
        paintSparkline(*painter, spark, sparklineOf(index), color, tokens.error);
        nameRight -= kSparkWidth + kPadding;
    }
    const QRectF mark(area.left(), top + (nameMetrics.height() - kMark) / 2.0, kMark, kMark);
    paintRunState(*painter, mark, state, color, isStale);

    const int textLeft = area.left() + kMark + kPadding;
    const int nameWidth = std::max(0, nameRight - textLeft);
    QFont nameFont = theme.headingFont();
    if ((!isLiveState(state) || isStale) && !isSelected) nameFont.setWeight(QFont::Normal);
    painter->setFont(nameFont);
    painter->setPen(tokens.text);
    painter->drawText(QRect(textLeft, top, nameWidth, nameMetrics.height()), Qt::AlignLeft | Qt::AlignVCenter,
                      QFontMetrics(nameFont).elidedText(index.data().toString(), Qt::ElideMiddle, nameWidth));
    const int lineWidth = std::max(0, area.right() - textLeft);
    painter->setFont(theme.smallFont());
    painter->setPen(toneColor(stateLineTone(index)));
    painter->drawText(QRect(textLeft, top + nameMetrics.height() + 1, lineWidth, smallMetrics.height()),
                      Qt::AlignLeft | Qt::AlignVCenter,
                      smallMetrics.elidedText(index.data(RunListModel::StateLineRole).toString(),
                                              Qt::ElideRight, lineWidth));
    painter->restore();
}

} // namespace orrery::ui
