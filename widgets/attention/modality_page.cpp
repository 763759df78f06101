// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/modality_page.h"

#include "widgets/attention/overview_scene.h"
#include "widgets/common/counted.h"
#include "widgets/common/number_text.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/common/tone_label.h"
#include "widgets/plots/plot_view.h"
#include "widgets/theme/theme.h"

#include <QHBoxLayout>
#include <QScrollArea>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

ToneLabel *makeLabel(Tone tone, TypeSize size, const char *name, QWidget *parent)
{
    auto *label = new ToneLabel(QString(), tone, size, parent);
    label->setObjectName(QString::fromLatin1(name));
    label->setWordWrap(true);
    label->setMinimumWidth(80);
    return label;
}

} // namespace

ModalityPage::ModalityPage(QWidget *parent)
    : QWidget(parent), m_title(new ElidedLabel(QString(), Tone::Text, TypeSize::Heading, this)),
      m_reading(new ElidedLabel(QString(), Tone::Secondary, TypeSize::Base, this)),
      m_pages(new SegmentedChoice(this)), m_kind(new SegmentedChoice(this)), m_view(new ModalityView(this)),
      m_side(new QWidget), m_tables(new QHBoxLayout), m_scroll(new QScrollArea(this)),
      m_headTitle(makeLabel(Tone::Text, TypeSize::Heading, "modalityHead", m_side)),
      m_massTitle(makeLabel(Tone::Secondary, TypeSize::Small, "massTitle", m_side)),
      m_learnedTitle(makeLabel(Tone::Secondary, TypeSize::Small, "learnedTitle", m_side)),
      m_chartTitle(makeLabel(Tone::Text, TypeSize::Heading, "chartTitle", m_side)),
      m_chartNote(makeLabel(Tone::Secondary, TypeSize::Small, "chartNote", m_side)),
      m_empty(makeLabel(Tone::Secondary, TypeSize::Base, "modalityEmpty", this)),
      m_mass(new FlowTable(tr("Share of the attention"), FlowKind::Mass, m_side)),
      m_learned(new FlowTable(tr("Learned factor"), FlowKind::Learned, m_side)), m_chart(new PlotView(m_side))
{
    setObjectName(u"modalityPage"_s);
    m_reading->setObjectName(u"modalityReading"_s);
    m_pages->setObjectName(u"modalityPages"_s);
    m_pages->addChoice(u"heads"_s, tr("Heads"), tr("Which tokens each head reads (M)"));
    m_pages->addChoice(u"modalities"_s, tr("Modalities"), tr("Which modality looks at which (M)"));
    m_pages->setCurrent(u"modalities"_s);
    m_kind->setObjectName(u"flowKind"_s);
    m_kind->addChoice(u"mass"_s, tr("Share"),
                      tr("Of what the tokens of a row look at, the share on each column"));
    m_kind->addChoice(u"learned"_s, tr("Learned"), tr("The factor that the model learned for each pair"));
    m_kind->setCurrent(u"mass"_s);
    for (SegmentedChoice *one : {m_pages, m_kind}) one->setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    m_chart->setObjectName(u"flowChart"_s);
    // What it would like to have is no reason to scroll; what it needs is.
    m_chart->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Ignored);
    m_chart->setTitle(tr("Share of the attention over the training"));
    m_chart->setXAxis(AxisFormat::Count, tr("step"));
    m_chart->setYAxis(AxisFormat::Value, tr("%"));
    m_chart->setZeroBased(true);
    m_chart->setValueText([](double percent) { return flowText(percent / 100, FlowKind::Mass); });
    m_chart->setEndLabels(true);
    m_massTitle->setText(tr("Share of a row's attention; rows look, columns are looked at"));
    m_learnedTitle->setText(tr("Learned factor before the softmax: 1 is neutral, where every model begins"));
    m_chartTitle->setText(tr("Share over the training"));

    auto *row = new QHBoxLayout;
    row->setSpacing(space::kOne);
    row->addWidget(m_pages);
    row->addWidget(m_title, 1);
    row->addWidget(m_kind);
    m_tables->setSpacing(space::kTwo);
    const auto addTable = [this](ToneLabel *title, FlowTable *table) {
        auto *column = new QVBoxLayout;
        column->setSpacing(space::kHalf);
        column->addWidget(title);
        column->addWidget(table, 1);
        m_tables->addLayout(column, 1);
    };
    addTable(m_massTitle, m_mass);
    addTable(m_learnedTitle, m_learned);
    auto *side = new QVBoxLayout(m_side);
    side->setContentsMargins(0, 0, 0, 0);
    side->setSpacing(space::kHalf);
    side->addWidget(m_headTitle);
    side->addLayout(m_tables, 3);
    side->addSpacing(space::kHalf);
    side->addWidget(m_chartTitle);
    side->addWidget(m_chart, 4);
    side->addWidget(m_chartNote);
    m_scroll->setObjectName(u"modalitySide"_s);
    m_scroll->setFrameShape(QFrame::NoFrame);
    m_scroll->setFocusPolicy(Qt::NoFocus);
    m_scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_scroll->setWidgetResizable(true);
    m_scroll->setWidget(m_side);
    m_scroll->viewport()->setAutoFillBackground(false);
    m_side->setAutoFillBackground(false);
    auto *middle = new QHBoxLayout;
    middle->setSpacing(space::kThree);
    middle->addWidget(m_view, 1);
    middle->addWidget(m_scroll, 1);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kHalf);
    layout->addLayout(row);
    layout->addWidget(m_empty, 1);
    layout->addLayout(middle, 1);
    layout->addWidget(m_reading);
    m_empty->setAlignment(Qt::AlignCenter);
    connect(m_pages, &SegmentedChoice::chosen, this, [this] {
        m_pages->setCurrent(u"modalities"_s);
        Q_EMIT headsRequested();
    });
    connect(m_kind, &SegmentedChoice::chosen, this, [this] { setContent(m_now, m_head); });
    connect(m_view, &ModalityView::hovered, this, [this](const QString &sentence) {
        m_reading->setFullText(sentence.isEmpty() ? m_view->sentenceOf(m_head) : sentence);
    });
    connect(&Theme::instance(), &Theme::changed, this, &ModalityPage::refreshChart);
    setContent(nullptr, {});
}

void ModalityPage::setContent(const SnapshotPtr &now, const HeadRef &head)
{
    m_now = now;
    m_head = head;
    const bool hasFlows = now && !now->report.flows.empty();
    const bool hasLearned =
        hasFlows && std::any_of(now->report.flows.begin(), now->report.flows.end(),
                                [](const ModalityFlow &flow) { return !flow.weights.empty(); });
    m_kind->setVisible(hasLearned);
    m_hasLearned = hasLearned;
    m_view->setContent(now, shownKind());
    m_view->setCurrent(head);
    m_view->setVisible(hasFlows);
    m_scroll->setVisible(hasFlows);
    m_empty->setVisible(!hasFlows);
    m_title->setFullText(
        !hasFlows ? tr("Modalities")
                  : tr("%1 layers × %2 heads").arg(m_view->grid().layers()).arg(m_view->grid().heads()));
    m_empty->setText(
        now && now->isKept
            ? tr("This step was kept by an older program, without the shares of the modalities. "
                 "Steps that are kept from now on have them, and a saved step can be asked.")
            : tr("All that was read is text. Shares of modalities appear with a picture or a recording."));
    refreshHead();
    refreshChart();
    fitTables();
}

void ModalityPage::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    fitTables();
}

/// Beside each other, or, where their numbers would have no room, the one that is chosen.
void ModalityPage::fitTables()
{
    const int width = (this->width() - space::kThree) / 2;
    const int widest = std::max(m_mass->minimumSizeHint().width(), m_learned->minimumSizeHint().width());
    const bool isNarrow = 2 * widest + space::kTwo > width;
    const bool showsLearned = m_hasLearned && (!isNarrow || shownKind() == FlowKind::Learned);
    const bool showsMass = !isNarrow || !showsLearned;
    m_learned->setVisible(showsLearned);
    m_learnedTitle->setVisible(showsLearned);
    m_mass->setVisible(showsMass);
    m_massTitle->setVisible(showsMass);
    m_tables->setStretch(0, showsMass ? 1 : 0);
    m_tables->setStretch(1, showsLearned ? 1 : 0);
    // Room for two rows of names, or those of the nine pairs of three modalities, the curves, and the title of the steps.
    const int lines = m_view->grid().modalities().size() < 3 ? 10 : isNarrow ? 13 : 12;
    m_chart->setMinimumHeight(QFontMetrics(Theme::instance().smallFont()).height() * lines);
    m_side->setMinimumHeight(m_side->layout()->totalMinimumHeightForWidth(width));
}

FlowKind ModalityPage::kind() const { return m_kind->current() == u"learned"_s ? FlowKind::Learned : FlowKind::Mass; }

FlowKind ModalityPage::shownKind() const { return m_hasLearned ? kind() : FlowKind::Mass; }

void ModalityPage::setKind(FlowKind kind)
{
    m_kind->setCurrent(kind == FlowKind::Learned ? u"learned"_s : u"mass"_s);
    setContent(m_now, m_head);
}

void ModalityPage::refreshHead()
{
    m_headTitle->setText(headTitle(m_head));
    m_reading->setFullText(m_view->sentenceOf(m_head));
    const ModalityFlow *flow = m_now ? flowOf(m_now->report.flows, m_head) : nullptr;
    const std::vector<Modality> modalities = m_view->grid().modalities();
    if (!flow) return;
    m_mass->setFlow(*flow, flowScale(m_now->report.flows, FlowKind::Mass), modalities);
    m_learned->setFlow(*flow, flowScale(m_now->report.flows, FlowKind::Learned), modalities);
}

void ModalityPage::setHistory(const std::vector<FlowPoint> &points, bool isReading)
{
    m_points = points;
    m_isReading = isReading;
    refreshChart();
    fitTables(); // the note has other lines
}

void ModalityPage::refreshChart()
{
    const FlowKind kind = shownKind();
    const bool isLearned = kind == FlowKind::Learned;
    if (std::exchange(m_charted, kind) != kind) { // L goes on switching the axis
        m_chart->setYAxis(AxisFormat::Value, isLearned ? tr("factor") : tr("%"));
        m_chart->setValueText(
            [kind](double value) { return flowText(kind == FlowKind::Mass ? value / 100 : value, kind); });
        m_chart->setZeroBased(!isLearned);
        m_chart->setLogY(isLearned);
        m_chart->setTitle(isLearned ? tr("Learned factors over the training") : tr("Share of the attention over the training"));
        m_chartTitle->setText(isLearned ? tr("Learned factors over the training") : tr("Share over the training"));
    }
    const std::vector<Modality> &modalities = m_view->grid().modalities();
    std::vector<PlotCurve> curves;
    int color = 0;
    size_t numPoints = 0;
    for (Modality from : modalities)
        for (Modality to : modalities) {
            PlotCurve curve{.name = tr("%1 → %2").arg(modalityTitle(from), modalityTitle(to)),
                            .color = Theme::instance().runColor(color++)};
            curve.hasDots = true;
            for (const FlowPoint &point : m_points)
                if (const ModalityFlow *flow = flowOf(point.flows, m_head); flow && !(isLearned && flow->weights.empty()))
                    curve.line.emplace_back(double(point.step), flowValue(*flow, kind, from, to) * (isLearned ? 1 : 100));
            numPoints = std::max(numPoints, curve.line.size());
            if (!curve.line.empty()) curves.push_back(std::move(curve));
        }
    m_chart->setCurves(std::move(curves));
    const size_t without =
        m_points.size() - size_t(std::count_if(m_points.begin(), m_points.end(),
                                               [](const auto &one) { return !one.flows.empty(); }));
    m_chart->setEmptyText(m_isReading ? tr("Reading the kept steps…")
                          : m_points.empty()
                              ? tr("Only the kept steps of a training have a past.")
                              : tr("The kept steps of this run are of an older program, without shares."));
    QString note =
        numPoints == 0 ? QString() : counted(numPoints, tr("1 kept step"), tr("%1 kept steps, spread over the training"));
    if (isLearned && numPoints > 0) note += tr("; × 1 is neutral, the axis is logarithmic (L switches)");
    if (without > 0 && numPoints > 0)
        note += counted(without, tr("; 1 other holds no shares (kept by an older program)"), tr("; %1 others hold no shares (kept by an older program)"));
    m_chartNote->setText(note);
}

QString ModalityPage::summary() const { return m_view->isHidden() ? m_empty->text() : m_view->summary(); }

} // namespace orrery::ui
