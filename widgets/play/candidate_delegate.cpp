// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/candidate_delegate.h"

#include "widgets/common/number_text.h"
#include "widgets/common/tone_label.h"
#include "widgets/play/candidate_model.h"
#include "widgets/theme/theme.h"

#include <QListView>
#include <QPainter>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kMargin = 6, kGap = 8;
constexpr int kNarrowestBar = 16; ///< less says nothing
constexpr int kSwatch = 7, kSwatchGap = 4; ///< of the bar's colour, before the name of its number

QString probabilityTitle() { return CandidateDelegate::tr("Probability"); }
QString chanceTitle() { return CandidateDelegate::tr("Chance"); }

struct Columns {
    QRect text, bar, probability, chance; ///< the last one empty: there are no chances
};

Columns columnsOf(const QRect &row, bool hasChances)
{
    const QRect area = row.adjusted(kMargin, 0, -kMargin, 0);
    const QFontMetrics numbers(typeFont(TypeSize::Base)), titles(typeFont(TypeSize::Small));
    const int number = numbers.horizontalAdvance(u"< 0.001"_s);
    const int ofProbability =
        hasChances ? std::max(number, kSwatch + kSwatchGap + titles.horizontalAdvance(probabilityTitle()))
                   : number;
    const int ofChance =
        hasChances ? std::max(number, kSwatch + kSwatchGap + titles.horizontalAdvance(chanceTitle())) : 0;
    const int text =
        std::min(area.width() / 3, QFontMetrics(typeFont(TypeSize::Mono)).horizontalAdvance(u"MMMMMMMM"_s));
    Columns columns;
    columns.text = {area.left(), area.top(), text, area.height()};
    int right = area.right() + 1;
    if (hasChances) {
        columns.chance = {right - ofChance, area.top(), ofChance, area.height()};
        right -= ofChance + kGap;
    }
    columns.probability = {right - ofProbability, area.top(), ofProbability, area.height()};
    right -= ofProbability + kGap;
    const int left = area.left() + text + kGap;
    columns.bar = {left, area.top(), right - left, area.height()};
    return columns;
}

/// The name of a column of numbers behind the colour of its bars.
void paintTitle(QPainter &painter, const QRect &area, const QString &title, const QColor &color)
{
    painter.drawText(area, Qt::AlignRight | Qt::AlignVCenter, title);
    const int left = area.right() + 1 - painter.fontMetrics().horizontalAdvance(title) - kSwatchGap - kSwatch;
    painter.fillRect(QRect(left, area.center().y() - kSwatch / 2, kSwatch, kSwatch), color);
}

void paintBar(QPainter &painter, const QRectF &track, double share, const QColor &color)
{
    const ThemeTokens &tokens = Theme::instance().tokens();
    painter.setPen(Qt::NoPen);
    painter.setBrush(tokens.grid);
    painter.drawRoundedRect(track, 2, 2);
    if (!(share > 0)) return;
    painter.setBrush(color);
    painter.drawRoundedRect(QRectF(track.left(), track.top(),
                                   std::max(1.0, track.width() * std::min(1.0, share)), track.height()),
                            2, 2);
}

} // namespace

int candidateRowHeight() { return QFontMetrics(typeFont(TypeSize::Base)).height() + 4; }

QSize CandidateDelegate::sizeHint(const QStyleOptionViewItem &, const QModelIndex &) const
{
    return {120, candidateRowHeight()};
}

void CandidateDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option,
                              const QModelIndex &index) const
{
    const ThemeTokens &tokens = Theme::instance().tokens();
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    const bool isTaken = index.data(CandidateModel::IsTakenRole).toBool();
    const double probability = index.data(CandidateModel::ProbabilityRole).toDouble();
    const QVariant chance = index.data(CandidateModel::ChanceRole);
    const bool hasChances = chance.isValid(), isCut = hasChances && chance.toDouble() <= 0;
    if (option.state & QStyle::State_Selected) {
        painter->setPen(Qt::NoPen);
        painter->setBrush(tokens.selection);
        painter->drawRoundedRect(QRectF(option.rect).adjusted(0, 1, 0, -1), 4, 4);
    }
    const Columns columns = columnsOf(option.rect, hasChances);
    QFont mono = typeFont(TypeSize::Mono);
    if (isTaken) mono.setWeight(QFont::Bold);
    painter->setFont(mono);
    painter->setPen(isTaken ? tokens.accent : isCut ? tokens.secondary : tokens.text);
    painter->drawText(
        columns.text, Qt::AlignLeft | Qt::AlignVCenter,
        QFontMetrics(mono).elidedText(index.data().toString(), Qt::ElideRight, columns.text.width()));
    if (columns.bar.width() >= kNarrowestBar) {
        const QRectF bar(columns.bar.left(), columns.bar.center().y() - 4, columns.bar.width(), 9);
        const QColor plain = isTaken && !hasChances ? tokens.accent : tokens.secondary;
        if (hasChances) {
            paintBar(*painter, {bar.left(), bar.top() - 1, bar.width(), 5}, probability, plain);
            paintBar(*painter, {bar.left(), bar.top() + 6, bar.width(), 5}, chance.toDouble(), tokens.accent);
        } else {
            paintBar(*painter, bar, probability, plain);
        }
    }
    painter->setFont(typeFont(TypeSize::Base));
    painter->setPen(isCut ? tokens.secondary : tokens.text);
    painter->drawText(columns.probability, Qt::AlignRight | Qt::AlignVCenter, probabilityText(probability));
    if (hasChances)
        painter->drawText(columns.chance, Qt::AlignRight | Qt::AlignVCenter,
                          isCut ? tr("cut") : probabilityText(chance.toDouble()));
    painter->restore();
}

CandidateHeader::CandidateHeader(const QListView &list, QWidget *parent) : QWidget(parent), m_list(list)
{
    setObjectName(u"candidateHeader"_s);
    setAccessibleName(tr("Columns of the candidates"));
    setToolTip(tr(
        "Probability (upper bar): as the model sees it. Chance (lower bar): to be drawn, after the sampling "
        "settings: penalty, temperature and cuts."));
    setAccessibleDescription(toolTip());
    setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

QSize CandidateHeader::sizeHint() const
{
    return {120, QFontMetrics(typeFont(TypeSize::Small)).height() + 2};
}

void CandidateHeader::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setFont(typeFont(TypeSize::Small));
    painter.setPen(Theme::instance().tokens().secondary);
    // As wide as the rows, which a scroll bar may make narrower.
    const Columns columns = columnsOf({0, 0, m_list.viewport()->width(), height()}, true);
    // In a narrow list there is room for the numbers' names alone.
    const int room = columns.probability.right() - kSwatch - kSwatchGap -
                     painter.fontMetrics().horizontalAdvance(probabilityTitle());
    if (columns.text.left() + painter.fontMetrics().horizontalAdvance(tr("Token")) + kGap < room)
        painter.drawText(columns.text.united(columns.bar), Qt::AlignLeft | Qt::AlignVCenter, tr("Token"));
    const ThemeTokens &tokens = Theme::instance().tokens();
    paintTitle(painter, columns.probability, probabilityTitle(), tokens.secondary);
    paintTitle(painter, columns.chance, chanceTitle(), tokens.accent);
}

} // namespace orrery::ui
