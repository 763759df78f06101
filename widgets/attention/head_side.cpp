// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/head_side.h"

#include "widgets/attention/bar_list.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/plain_tool_tip.h"
#include "widgets/common/tone_label.h"
#include "widgets/play/token_view.h"
#include "widgets/theme/theme.h"

#include <QScrollArea>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kMaxRows = 10, kMaxCandidates = 8;

ToneLabel *makeLabel(Tone tone, TypeSize size, QWidget *parent)
{
    auto *label = new ToneLabel(QString(), tone, size, parent);
    label->setWordWrap(true);
    label->setMinimumWidth(80);
    return label;
}

} // namespace

HeadSide::HeadSide(QWidget *parent)
    : QWidget(parent), m_rowTitle(makeLabel(Tone::Text, TypeSize::Heading, this)),
      m_rowScale(makeLabel(Tone::Secondary, TypeSize::Small, this)),
      m_nextTitle(makeLabel(Tone::Text, TypeSize::Heading, this)),
      m_nextNote(makeLabel(Tone::Secondary, TypeSize::Small, this)),
      m_rowBars(new BarList(tr("What the token looks at"), this)),
      m_candidateBars(new BarList(tr("What the model would say next"), this))
{
    setObjectName(u"headSide"_s);
    m_rowTitle->setObjectName(u"rowTitle"_s);
    m_nextTitle->setObjectName(u"nextTitle"_s);
    m_nextNote->setObjectName(u"nextNote"_s);
    m_rowBars->setObjectName(u"rowBars"_s);
    m_candidateBars->setObjectName(u"candidateBars"_s);
    m_candidateBars->setColors(BarList::Colors::WithAndWithout);
    auto *content = new QWidget(this);
    auto *column = new QVBoxLayout(content);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(space::kHalf);
    column->addWidget(m_rowTitle);
    column->addWidget(m_rowBars);
    column->addWidget(m_rowScale);
    column->addSpacing(space::kOne + space::kHalf);
    column->addWidget(m_nextTitle);
    column->addWidget(m_candidateBars);
    column->addWidget(m_nextNote);
    column->addStretch(1);
    auto *scroll = new QScrollArea(this);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(content);
    // The card shows through; the scroll area would paint the ground of the window.
    content->setAutoFillBackground(false);
    scroll->viewport()->setAutoFillBackground(false);
    scroll->setFocusPolicy(Qt::NoFocus);
    scroll->setAccessibleName(tr("Reading of the head"));
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(scroll);
    connect(m_rowBars, &BarList::activated, this, &HeadSide::columnChosen);
}

void HeadSide::showRow(const HeadFigure &figure, int row)
{
    std::vector<BarRow> rows;
    QStringList series;
    if (row < 0 || figure.isEmpty()) {
        m_rowTitle->setText(tr("No token"));
        m_rowBars->setRows({}, {});
        m_rowScale->clear();
        return;
    }
    const std::vector<HeadMatrix> &heads = figure.content().heads;
    const HeadMatrix &first = heads.front();
    const CellValue shown = figure.content().value; // as the map does
    for (const HeadMatrix &head : heads) series << u"%1.%2"_s.arg(head.head.layer).arg(head.head.head);
    std::vector<int> columns(size_t(first.width()));
    std::iota(columns.begin(), columns.end(), 0);
    const auto strongest = [&](int column) {
        double value = 0;
        for (const HeadMatrix &head : heads)
            value = std::max(value, double(std::abs(valueAt(head, shown, row, column))));
        return value;
    };
    const size_t count = std::min<size_t>(kMaxRows, columns.size());
    std::partial_sort(columns.begin(), columns.begin() + std::ptrdiff_t(count), columns.end(),
                      [&](int a, int b) { return strongest(a) > strongest(b); });
    for (size_t i = 0; i < count; ++i) {
        const int column = columns[i];
        if (strongest(column) <= 0) break; // a token before which little stands has little to look at
        BarRow bar{.label = figure.columnLabel(column), .place = column};
        bar.picture = figure.picture(first.columns[size_t(column)]);
        for (const HeadMatrix &head : heads) bar.values.push_back(valueAt(head, shown, row, column));
        const auto largest = std::max_element(bar.values.begin(), bar.values.end(),
                                              [](double a, double b) { return std::abs(a) < std::abs(b); });
        bar.number = weightText(*largest, first.isDifference); // of an overlay: of the head that looks most
        rows.push_back(std::move(bar));
    }
    constexpr qsizetype kLongestLabel = 20; // a line of code has no blank to wrap at
    const QString whole = figure.rowLabel(row);
    const QString label = whole.size() > kLongestLabel ? whole.left(kLongestLabel - 1) + u'…' : whole;
    m_rowTitle->setToolTip(label == whole ? QString() : plainToolTip(whole));
    m_rowTitle->setText(first.isDifference ? tr("“%1” looks at, difference").arg(label)
                                           : tr("“%1” looks at").arg(label));
    fitTitle();
    m_rowBars->setColors(heads.size() > 1 ? BarList::Colors::Heads : BarList::Colors::Accent);
    m_rowBars->setRows(std::move(rows), series);
    QString what = !first.isPooled() || figure.content().isGrouped ? tr("weight")
                   : shown == CellValue::Maximum ? tr("largest weight in the cell")
                                                 : tr("mean weight in the cell");
    const QRectF area = figure.tokenArea();
    if (area.left() > 0 || area.right() < double(figure.content().tokens.size()))
        what = tr("of tokens %1-%2 alone: %3")
                   .arg(integerText(qint64(area.left())), integerText(qint64(area.right()) - 1), what);
    m_rowScale->setText(first.isDifference
                            ? tr("%1, −%2 … %2, linear").arg(what, tickText(m_rowBars->limit()))
                            : tr("%1, 0 … %2, linear").arg(what, tickText(m_rowBars->limit())));
}

void HeadSide::showCandidates(const std::vector<TokenAlternative> &candidates, const QString &behind,
                              const QString &note)
{
    std::vector<BarRow> rows;
    for (const TokenAlternative &one : candidates) {
        if (rows.size() >= kMaxCandidates) break;
        rows.push_back({.label = visibleTokenText(one.bytes, one.id),
                        .values = {one.probability},
                        .number = probabilityText(one.probability)});
    }
    const bool hasRows = !rows.empty();
    m_nextTitle->setText(behind.isEmpty() ? tr("Next token") : tr("Next after %1").arg(behind));
    m_candidateBars->setRows(std::move(rows), {tr("probability")});
    QStringList notes;
    if (hasRows) notes << tr("probability, 0 … %1, linear").arg(tickText(m_candidateBars->limit()));
    if (!note.isEmpty()) notes << note;
    m_nextNote->setText(notes.join(u". "_s));
    m_nextTitle->setVisible(!notes.isEmpty());
    m_candidateBars->setVisible(hasRows);
    m_nextNote->setVisible(!notes.isEmpty());
}

void HeadSide::showAblation(const Ablation &ablation, const QString &behind)
{
    std::vector<BarRow> rows;
    const auto probabilityOf = [](const std::vector<TokenAlternative> &list, const TokenAlternative &wanted) {
        const auto found = std::find_if(list.begin(), list.end(), [&](const TokenAlternative &one) {
            return one.id == wanted.id && one.bytes == wanted.bytes;
        });
        return found == list.end() ? std::nan("") : found->probability;
    };
    const auto add = [&](const TokenAlternative &one) {
        const double with = probabilityOf(ablation.with, one), without = probabilityOf(ablation.without, one);
        rows.push_back(
            {.label = visibleTokenText(one.bytes, one.id),
             .values = {with, without},
             .number = tr("%1 → %2").arg(std::isnan(with) ? unknownText() : probabilityText(with),
                                         std::isnan(without) ? unknownText() : probabilityText(without))});
    };
    // What the model says, and then what it would say only without the head.
    for (size_t i = 0; i < std::min<size_t>(6, ablation.with.size()); ++i) add(ablation.with[i]);
    for (const TokenAlternative &one : ablation.without) {
        if (rows.size() >= kMaxCandidates) break;
        if (std::isnan(probabilityOf(ablation.with, one))) add(one);
    }
    m_nextTitle->setText(behind.isEmpty() ? tr("Next token, with and without")
                                          : tr("Next after %1, with and without").arg(behind));
    for (QWidget *one : std::initializer_list<QWidget *>{m_nextTitle, m_candidateBars, m_nextNote})
        one->setVisible(true);
    m_candidateBars->setRows(std::move(rows), {tr("with"), tr("without")});
    m_nextNote->setText(
        tr("Upper bar: with, lower bar: without %1. The two differ by %2 nats (KL). Computed on %3.")
            .arg(ablation.heads, significantText(ablation.divergence, 3), ablation.model));
}

void HeadSide::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    fitTitle();
}

/// A scroll area asks what it holds for no height at a width: two lines would be squeezed into one.
void HeadSide::fitTitle()
{
    // -1: a title of one line has the height that it has
    m_rowTitle->setMinimumHeight(std::max(m_rowTitle->heightForWidth(std::max(m_rowTitle->width(), 80)), 0));
}

} // namespace orrery::ui
