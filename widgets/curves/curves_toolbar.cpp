// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/curves/curves_toolbar.h"

#include "widgets/common/panel_frame.h"
#include "widgets/common/panel_tools.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/common/tone_label.h"
#include "widgets/common/wrap_row.h"
#include "widgets/curves/smoothing.h"
#include "widgets/theme/theme.h"

#include <QApplication>
#include <QEvent>
#include <QHBoxLayout>
#include <QSignalBlocker>
#include <QSlider>
#include <QToolButton>

#include <algorithm>
#include <cmath>
#include <utility>

namespace orrery::ui {
namespace {

// The slider moves the length of the average, 1 / (1 - α), evenly on a log scale: 1 … 1000 points.
constexpr int kSliderMax = 120;
constexpr int kSliderWidth = 88;
constexpr int kTitleChars = 36; ///< that the name of a run must have beside the controls

double smoothingAt(int position)
{
    if (position <= 0) return 0;
    const double smoothing = 1 - std::pow(10.0, -3.0 * position / kSliderMax);
    const double rounding = smoothing < 0.985 ? 100 : 1000;
    return std::min(std::round(smoothing * rounding) / rounding, kMaxSmoothing);
}

int positionOf(double smoothing)
{
    return int(std::lround(-std::log10(1 - std::clamp(smoothing, 0.0, kMaxSmoothing)) * kSliderMax / 3));
}

QToolButton *makeToggle(const QString &text, const QString &toolTip, QWidget *parent)
{
    auto *button = new QToolButton(parent);
    button->setText(text);
    button->setToolTip(toolTip);
    button->setAccessibleName(toolTip);
    button->setCheckable(true);
    button->setProperty("toggle", true);
    button->setAutoRaise(true);
    button->setIconSize(QSize(16, 16));
    return button;
}

} // namespace

CurvesToolbar::CurvesToolbar(QWidget *parent)
    : QWidget(parent), m_slider(new QSlider(Qt::Horizontal, this)),
      m_value(new ToneLabel(QString(), Tone::Text, TypeSize::Base, this)), m_xMode(new SegmentedChoice(this)),
      m_logY(makeToggle(tr("Log y"), tr("Logarithmic loss axis (L)"), this)),
      m_follow(makeToggle(tr("Follow"), tr("Follow the newest points"), this)),
      m_fit(makeIconButton(QStringLiteral("fit"), tr("Show everything (double click, Home)"), this))
{
    auto *label = new ToneLabel(tr("Smoothing"), Tone::Secondary, TypeSize::Base, this);
    label->setBuddy(m_slider);
    m_slider->setObjectName(QStringLiteral("smoothing"));
    m_slider->setRange(0, kSliderMax);
    m_slider->setPageStep(10);
    m_slider->setFixedWidth(kSliderWidth);
    m_slider->setValue(positionOf(0.9));
    m_slider->setAccessibleName(tr("Smoothing"));
    m_logY->setObjectName(QStringLiteral("logY"));
    m_follow->setObjectName(QStringLiteral("follow"));
    m_follow->setToolButtonStyle(Qt::ToolButtonIconOnly);
    m_follow->setChecked(true);
    bindIcon(m_follow, QStringLiteral("follow"));
    m_fit->setObjectName(QStringLiteral("fit"));
    m_xMode->addChoice(QStringLiteral("step"), tr("Step"), tr("Training steps along the x axis"));
    m_xMode->addChoice(QStringLiteral("time"), tr("Time"),
                       tr("Time since the first report along the x axis"));
    m_xMode->setCurrent(QStringLiteral("step"));
    m_xMode->setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Fixed); // what is to spare stays free

    auto *smoother = new QWidget(this); // its three parts stay together
    smoother->setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Preferred);
    auto *parts = new QHBoxLayout(smoother);
    parts->setContentsMargins(0, 0, space::kHalf, 0);
    parts->setSpacing(space::kOne);
    for (QWidget *part : std::initializer_list<QWidget *>{label, m_slider, m_value}) parts->addWidget(part);
    auto *layout = new WrapRow(Qt::AlignLeft, this);
    for (QWidget *control : std::initializer_list<QWidget *>{smoother, m_logY, m_xMode, m_follow, m_fit})
        layout->addWidget(control);

    connect(m_slider, &QSlider::valueChanged, this, [this] {
        showSmoothing();
        Q_EMIT smoothingChanged(smoothing());
    });
    connect(m_xMode, &SegmentedChoice::chosen, this, [this](const QString &word) {
        m_mode = word == QLatin1String("time") ? XMode::Time : XMode::Step;
        Q_EMIT xModeChosen(m_mode);
    });
    connect(m_logY, &QToolButton::clicked, this, &CurvesToolbar::logYChosen);
    connect(m_follow, &QToolButton::clicked, this, &CurvesToolbar::followChosen);
    connect(m_fit, &QToolButton::clicked, this, &CurvesToolbar::fitChosen);
    showSmoothing();
}

void CurvesToolbar::standIn(PanelFrame &frame, QBoxLayout &rows)
{
    m_frame = &frame;
    m_rows = &rows;
    rows.insertWidget(0, this);
    frame.installEventFilter(this);
    place();
}

bool CurvesToolbar::eventFilter(QObject *watched, QEvent *event)
{
    if (watched == m_frame && event->type() == QEvent::Resize) place();
    return QWidget::eventFilter(watched, event);
}

void CurvesToolbar::place()
{
    m_neededWidth = std::max(m_neededWidth, sizeHint().width());
    const PanelTools *tools = PanelTools::of(*m_frame);
    const int name = kTitleChars * QFontMetrics(typeFont(TypeSize::Heading)).averageCharWidth();
    const QMargins margins = m_frame->layout()->contentsMargins();
    const int room = m_frame->width() - margins.left() - margins.right() - 2 * space::kOne;
    const bool isInTitle = room >= name + m_neededWidth + (tools ? tools->sizeHint().width() : 0);
    if (isInTitle == std::exchange(m_isInTitle, isInTitle)) return;
    QWidget *focus = QApplication::focusWidget();
    const bool hasFocus = focus && isAncestorOf(focus);
    if (isInTitle)
        m_frame->addTitleWidget(this);
    else
        m_rows->insertWidget(0, this);
    show();
    if (hasFocus) focus->setFocus();
}

double CurvesToolbar::smoothing() const { return smoothingAt(m_slider->value()); }

void CurvesToolbar::setSmoothing(double smoothing) { m_slider->setValue(positionOf(smoothing)); }

void CurvesToolbar::setXMode(XMode mode)
{
    if (std::exchange(m_mode, mode) == mode) return;
    // Tokens and the clock are chosen where several runs are: here neither is on.
    m_xMode->setCurrent(mode == XMode::Time   ? QStringLiteral("time")
                        : mode == XMode::Step ? QStringLiteral("step")
                                              : QString());
    Q_EMIT xModeChosen(mode);
}

void CurvesToolbar::setAxisVisible(bool isVisible) { m_xMode->setVisible(isVisible); }

void CurvesToolbar::setLogY(bool isLogarithmic) { m_logY->setChecked(isLogarithmic); }

void CurvesToolbar::setFollowing(bool isFollowing) { m_follow->setChecked(isFollowing); }

void CurvesToolbar::showSmoothing()
{
    // Room for the longest number, so that the row does not move while one drags.
    m_value->setMinimumWidth(
        QFontMetrics(Theme::instance().baseFont()).horizontalAdvance(QStringLiteral("0.999")) + 2);
    m_value->setText(m_slider->value() == 0 ? tr("off") : QString::number(smoothing()));
    m_slider->setToolTip(tr("Average over about %1 points").arg(qRound(1 / (1 - smoothing()))));
}

} // namespace orrery::ui
