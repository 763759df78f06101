// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/curves/curves_toolbar.h"

#include "widgets/common/panel_frame.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/common/tone_label.h"
#include "widgets/curves/smoothing.h"
#include "widgets/theme/theme.h"

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
    auto *label = new ElidedLabel(tr("Smoothing"), Tone::Secondary, TypeSize::Base, this); // gives way
    label->setBuddy(m_slider);
    m_slider->setObjectName(QStringLiteral("smoothing"));
    m_slider->setRange(0, kSliderMax);
    m_slider->setPageStep(10);
    m_slider->setMinimumWidth(56); // gives way before words do
    m_slider->setMaximumWidth(88);
    m_slider->setValue(positionOf(0.9));
    m_slider->setAccessibleName(tr("Smoothing"));
    m_logY->setObjectName(QStringLiteral("logY"));
    m_follow->setObjectName(QStringLiteral("follow"));
    m_follow->setToolButtonStyle(Qt::ToolButtonIconOnly); // in any language the row has to fit beside two docks
    m_follow->setChecked(true);
    bindIcon(m_follow, QStringLiteral("follow"));
    m_fit->setObjectName(QStringLiteral("fit"));
    m_xMode->addChoice(QStringLiteral("step"), tr("Step"), tr("Training steps along the x axis"));
    m_xMode->addChoice(QStringLiteral("time"), tr("Time"),
                       tr("Time since the first report along the x axis"));
    m_xMode->setCurrent(QStringLiteral("step"));

    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kOne);
    layout->addWidget(label);
    layout->addWidget(m_slider);
    layout->addWidget(m_value);
    layout->addSpacing(space::kHalf);
    layout->addWidget(m_logY);
    layout->addWidget(m_xMode);
    layout->addWidget(m_follow);
    layout->addWidget(m_fit);

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
