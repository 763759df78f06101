// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/sampling_form.h"

#include "widgets/common/tone_label.h"
#include "widgets/common/wheel_guard.h"
#include "widgets/common/wrap_row.h"
#include "widgets/play/stop_lines.h"
#include "widgets/theme/theme.h"

#include <QCheckBox>
#include <QDoubleSpinBox>
#include <QEvent>
#include <QGridLayout>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QRandomGenerator>
#include <QRegularExpressionValidator>
#include <QResizeEvent>
#include <QScrollArea>
#include <QScrollBar>
#include <QSpinBox>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kControlWidth = 112, kLabelWidth = 122;
constexpr int kStopLines = 2;

/// As high as what is in it, and in a low window as high as there is room.
class FormScroll : public QScrollArea {
public:
    explicit FormScroll(QWidget *parent) : QScrollArea(parent)
    {
        setFrameShape(QFrame::NoFrame);
        setWidgetResizable(true);
        setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
        setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Maximum);
        viewport()->setAutoFillBackground(false);
        setFocusPolicy(Qt::NoFocus); // its controls have it
        connect(verticalScrollBar(), &QScrollBar::rangeChanged, this, [this](int, int most) {
            setViewportMargins(0, 0, most > 0 ? space::kHalf : 0, 0);
            updateGeometry();
        });
    }
    /// @param least of the content that has room at any height
    void setForm(QWidget *content, QWidget *least)
    {
        m_least = least;
        setWidget(content);
        content->setAutoFillBackground(false); // setWidget() has changed it
    }
    /// Labels may take two lines: as high as they are at this width.
    [[nodiscard]] QSize sizeHint() const override
    {
        const QSize hint = widget()->sizeHint();
        const int high = widget()->hasHeightForWidth() && isVisible() ? widget()->heightForWidth(viewport()->width()) : 0;
        return {hint.width(), std::max(hint.height(), high)};
    }
    [[nodiscard]] QSize minimumSizeHint() const override
    {
        const bool isScrolled = verticalScrollBar()->maximum() > 0;
        const int bar = isScrolled ? verticalScrollBar()->sizeHint().width() + space::kHalf : 0;
        return {widget()->minimumSizeHint().width() + bar, m_least->sizeHint().height()};
    }

protected:
    void resizeEvent(QResizeEvent *event) override
    {
        QScrollArea::resizeEvent(event);
        if (event->oldSize().width() != event->size().width()) updateGeometry();
    }
    /// What is unfolded changes what this wants to be.
    bool eventFilter(QObject *watched, QEvent *event) override
    {
        if (watched == widget() && event->type() == QEvent::LayoutRequest) updateGeometry();
        return QScrollArea::eventFilter(watched, event);
    }

private:
    QWidget *m_least = nullptr;
};

QGridLayout *makeGrid(QWidget *box)
{
    auto *grid = new QGridLayout(box);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(space::kOne);
    grid->setVerticalSpacing(space::kHalf);
    grid->setColumnStretch(0, 1);
    return grid;
}

bool areUsual(const SamplingSettings &a)
{
    const SamplingSettings b;
    return a.temperature == b.temperature && a.topK == b.topK && a.topP == b.topP &&
           a.maxTokens == b.maxTokens && a.seed == b.seed && a.minP == b.minP && a.typicalP == b.typicalP &&
           a.repetitionPenalty == b.repetitionPenalty && a.penaltyWindow == b.penaltyWindow &&
           a.stop == b.stop;
}

} // namespace

SamplingForm::SamplingForm(QWidget *parent)
    : PanelFrame(tr("Sampling"), parent), m_temperature(new QDoubleSpinBox(this)),
      m_topP(new QDoubleSpinBox(this)), m_minP(new QDoubleSpinBox(this)),
      m_typicalP(new QDoubleSpinBox(this)), m_penalty(new QDoubleSpinBox(this)), m_topK(new QSpinBox(this)),
      m_maxTokens(new QSpinBox(this)), m_penaltyWindow(new QSpinBox(this)), m_seed(new QLineEdit(this)),
      m_stop(new QPlainTextEdit(this)),
      m_stopProblem(new ToneLabel(QString(), Tone::Error, TypeSize::Small, this)),
      m_manual(new QCheckBox(tr("Choose each token"), this)),
      m_whole(new QCheckBox(tr("See the prompt whole"), this)), m_more(new QToolButton(this))
{
    setObjectName(u"samplingForm"_s);
    m_reset = addTitleButton(u"undo"_s, tr("Usual settings again"));
    m_reset->setObjectName(u"resetSampling"_s);
    connect(m_reset, &QToolButton::clicked, this, &SamplingForm::resetOrBack);
    setRanges();
    auto *content = new QWidget(this);
    auto *layout = new QVBoxLayout(content);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kHalf);
    QWidget *usual = makeUsual();
    layout->addWidget(usual);
    m_moreBox = makeMore();
    layout->addWidget(m_moreBox);
    m_moreBox->hide();
    auto *scroll = new FormScroll(this);
    scroll->setForm(content, usual);
    setContent(scroll);
    setSettings(SamplingSettings{});
    connectControls();
    showState();
}

void SamplingForm::addRow(QGridLayout *grid, const Row &row, QWidget *control, QWidget *extra)
{
    const int line = grid->rowCount();
    auto *label = new ToneLabel(row.name, Tone::Secondary, TypeSize::Base, grid->parentWidget());
    label->setBuddy(control);
    // The side is narrow: words of another language take a second line.
    label->setWordWrap(true);
    label->setMinimumWidth(std::min(label->fontMetrics().horizontalAdvance(row.name) + 2, kLabelWidth));
    label->setToolTip(row.toolTip);
    control->setToolTip(row.toolTip);
    control->setAccessibleName(row.name);
    control->setAccessibleDescription(row.toolTip);
    control->setObjectName(QLatin1String(row.objectName));
    control->setFixedWidth(kControlWidth);
    grid->addWidget(label, line, 0);
    grid->addWidget(control, line, 1);
    if (extra) grid->addWidget(extra, line, 2);
}

void SamplingForm::setRanges()
{
    const auto set = [](QDoubleSpinBox *box, double least, double most, double step, int decimals) {
        box->setRange(least, most);
        box->setSingleStep(step);
        box->setDecimals(decimals);
    };
    set(m_temperature, 0, 10, 0.1, 2);
    set(m_topP, 0.01, 1, 0.05, 2);
    set(m_minP, 0, 1, 0.01, 3);
    set(m_typicalP, 0.01, 1, 0.05, 2);
    set(m_penalty, 0.1, 10, 0.05, 2);
    m_minP->setSpecialValueText(tr("off"));
    m_topK->setRange(0, 100'000);
    m_topK->setSpecialValueText(tr("off"));
    m_maxTokens->setRange(1, 1'000'000);
    m_penaltyWindow->setRange(0, 1'000'000);
    m_penaltyWindow->setSpecialValueText(tr("all"));
    for (QSpinBox *box : {m_maxTokens, m_penaltyWindow}) box->setGroupSeparatorShown(true);
    for (QWidget *box : std::initializer_list<QWidget *>{m_temperature, m_topP, m_minP, m_typicalP, m_penalty,
                                                         m_topK, m_maxTokens, m_penaltyWindow})
        guardFromWheel(box);
    m_seed->setValidator(new QRegularExpressionValidator(QRegularExpression(u"[0-9]{1,18}"_s), m_seed));
}

QWidget *SamplingForm::makeUsual()
{
    auto *box = new QWidget(this);
    QGridLayout *grid = makeGrid(box);
    auto *dice = makeIconButton(u"refresh"_s, tr("Draw another seed"), box);
    dice->setObjectName(u"rollSeed"_s);
    connect(dice, &QToolButton::clicked, this, &SamplingForm::rollSeed);
    addRow(grid,
           {"temperature", tr("Temperature"),
            tr("0 takes the most probable token; 1 samples as the model believes; range 0 … 10")},
           m_temperature);
    addRow(grid, {"topK", tr("Top-k"), tr("Samples among the k most probable tokens; 0 is off")}, m_topK);
    addRow(grid,
           {"topP", tr("Top-p"),
            tr("Samples among the most probable tokens that sum to p; 1 is off; range 0.01 … 1")},
           m_topP);
    addRow(grid, {"maxTokens", tr("Max tokens"), tr("Stops after so many tokens")}, m_maxTokens);
    addRow(grid, {"seed", tr("Seed"), tr("The same seed, prompt and model repeat the text")}, m_seed, dice);
    m_manual->setObjectName(u"chooseTokens"_s);
    m_manual->setAccessibleName(m_manual->text());
    m_manual->setToolTip(tr("The model proposes, you take: after Generate the candidates for each token are "
                            "listed, and the answer is what you choose"));
    m_more->setObjectName(u"moreSampling"_s);
    m_more->setAutoRaise(true);
    m_more->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_more->setToolTip(tr("Min-p, typical, repetition penalty, seeing the prompt whole, stop texts"));
    auto *last = new WrapRow;
    m_manual->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    last->addWidget(m_manual);
    last->addWidget(m_more);
    grid->addLayout(last, grid->rowCount(), 0, 1, 3);
    return box;
}

QWidget *SamplingForm::makeMore()
{
    auto *box = new QWidget(this);
    QGridLayout *grid = makeGrid(box);
    // The third column is as wide as above, where the dice stands.
    grid->setColumnMinimumWidth(2, findChild<QToolButton *>(u"rollSeed"_s)->sizeHint().width());
    addRow(grid,
           {"minP", tr("Min-p"),
            tr("Cuts tokens that are less than this share as probable as the most probable one. 0.05 … 0.1 "
               "keeps "
               "hot sampling readable; 0 is off")},
           m_minP);
    addRow(grid,
           {"typicalP", tr("Typical"),
            tr("Samples among the tokens that are about as surprising as the model expects, up to this "
               "share; even "
               "the most probable one may go. 0.9 … 0.95 is usual; 1 is off")},
           m_typicalP);
    addRow(grid,
           {"repetitionPenalty", tr("Repetition penalty"),
            tr("Above 1, what stands in the prompt or the answer already is less likely. 1.05 … 1.2 is "
               "usual, more "
               "hurts grammar and the ends of turns; below 1 rewards; 1 is off; range 0.1 … 10")},
           m_penalty);
    addRow(grid,
           {"penaltyWindow", tr("Penalty window"),
            tr("How many of the last tokens the penalty looks at; 0 is all")},
           m_penaltyWindow);
    m_whole->setObjectName(u"seePromptWhole"_s);
    m_whole->setAccessibleName(m_whole->text());
    grid->addWidget(m_whole, grid->rowCount(), 0, 1, 3);
    setWholeProblem({});
    auto *label = new ToneLabel(tr("Stop texts"), Tone::Secondary, TypeSize::Base, box);
    label->setBuddy(m_stop);
    const QString toolTip =
        tr("The answer ends before the first of these texts, one a line. \\n is a line break, "
           "\\t a tab, \\\\ a backslash, \\x41 a byte; spaces count. At most 16 of 256 bytes");
    label->setToolTip(toolTip);
    m_stop->setToolTip(toolTip);
    m_stop->setObjectName(u"stopTexts"_s);
    m_stop->setAccessibleName(label->text());
    m_stop->setAccessibleDescription(toolTip);
    m_stop->setPlaceholderText(tr("One a line, such as \\n\\n"));
    m_stop->setTabChangesFocus(true);
    m_stop->setLineWrapMode(QPlainTextEdit::NoWrap);
    m_stop->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_stopProblem->setObjectName(u"stopProblem"_s);
    m_stopProblem->setWordWrap(true);
    const int line = grid->rowCount();
    grid->addWidget(label, line, 0, 1, 3);
    grid->addWidget(m_stop, line + 1, 0, 1, 3);
    grid->addWidget(m_stopProblem, line + 2, 0, 1, 3);
    fitStop();
    return box;
}

void SamplingForm::fitStop()
{
    m_stop->setFont(typeFont(TypeSize::Mono));
    const int frame = 2 * m_stop->frameWidth() + qRound(2 * m_stop->document()->documentMargin());
    m_stop->setFixedHeight(kStopLines * QFontMetrics(m_stop->font()).lineSpacing() + frame + 2);
}

void SamplingForm::connectControls()
{
    connect(m_manual, &QCheckBox::toggled, this, &SamplingForm::manualChanged);
    connect(m_more, &QToolButton::clicked, this, [this] { setShowsMore(!showsMore()); });
    const auto tell = [this] {
        showState();
        Q_EMIT changed();
    };
    for (QDoubleSpinBox *box : {m_temperature, m_topP, m_minP, m_typicalP, m_penalty})
        connect(box, &QDoubleSpinBox::valueChanged, this, tell);
    for (QSpinBox *box : {m_topK, m_maxTokens, m_penaltyWindow})
        connect(box, &QSpinBox::valueChanged, this, tell);
    connect(m_seed, &QLineEdit::textChanged, this, tell);
    connect(m_stop, &QPlainTextEdit::textChanged, this, tell);
    connect(m_whole, &QCheckBox::toggled, this, tell);
    connect(&Theme::instance(), &Theme::changed, this, [this] {
        fitStop();
        showState();
    });
}

void SamplingForm::resetOrBack()
{
    if (const std::optional<Before> before = std::exchange(m_before, std::nullopt)) {
        setSettings(before->settings);
        return setWantsWhole(before->wantsWhole);
    }
    const Before now{settings(), wantsWhole()};
    setSettings(SamplingSettings{});
    setWantsWhole(false);
    m_before = now; // stop texts above all are not typed again in a moment
    showState();
}

bool SamplingForm::isUsual() const { return areUsual(settings()) && !wantsWhole(); }

void SamplingForm::showState()
{
    const SamplingSettings now = settings();
    const int numOn = int(now.minP > 0) + int(now.typicalP < 1) + int(now.repetitionPenalty != 1) +
                      int(!now.stop.empty()) + int(seesWhole());
    m_more->setText(numOn > 0 ? tr("More · %1 on").arg(numOn) : tr("More"));
    m_more->setAccessibleName(numOn > 0 ? tr("More settings, %1 on").arg(numOn) : tr("More settings"));
    m_more->setAccessibleDescription(showsMore() ? tr("Unfolded") : tr("Folded"));
    m_more->setIcon(Theme::instance().icon(showsMore() ? u"chevron-up"_s : u"chevron-down"_s));
    if (!isUsual()) m_before.reset();
    const QString what = m_before ? tr("Back to your settings") : tr("Usual settings again");
    m_reset->setToolTip(what);
    m_reset->setAccessibleName(what);
    m_reset->setEnabled(m_before || !isUsual());
    m_penaltyWindow->setEnabled(now.repetitionPenalty != 1);
    m_stopProblem->setText(stopProblem(now.stop));
    m_stopProblem->setVisible(!m_stopProblem->text().isEmpty());
}

SamplingSettings SamplingForm::settings() const
{
    SamplingSettings settings;
    settings.temperature = m_temperature->value();
    settings.topK = m_topK->value();
    settings.topP = m_topP->value();
    settings.maxTokens = m_maxTokens->value();
    settings.seed = m_seed->text().toULongLong();
    settings.minP = m_minP->value();
    settings.typicalP = m_typicalP->value();
    settings.repetitionPenalty = m_penalty->value();
    settings.penaltyWindow = m_penaltyWindow->value();
    settings.stop = stopTextsOf(m_stop->toPlainText());
    return settings;
}

void SamplingForm::setSettings(const SamplingSettings &settings)
{
    m_temperature->setValue(settings.temperature);
    m_topK->setValue(static_cast<int>(settings.topK));
    m_topP->setValue(settings.topP);
    m_maxTokens->setValue(static_cast<int>(settings.maxTokens));
    m_seed->setText(QString::number(settings.seed));
    m_minP->setValue(settings.minP);
    m_typicalP->setValue(settings.typicalP);
    m_penalty->setValue(settings.repetitionPenalty);
    m_penaltyWindow->setValue(static_cast<int>(settings.penaltyWindow));
    m_stop->setPlainText(stopLinesOf(settings.stop));
}

bool SamplingForm::wantsWhole() const { return m_whole->isChecked(); }

bool SamplingForm::seesWhole() const { return m_whole->isChecked() && m_whole->isEnabled(); }

void SamplingForm::setWantsWhole(bool isWanted) { m_whole->setChecked(isWanted); }

void SamplingForm::setWholeProblem(const QString &reason)
{
    if (std::exchange(m_wholeProblem, reason) == reason) return;
    const QString toolTip =
        tr("Each token of the prompt sees all of it, also what stands behind it; the answer goes on from left to "
           "right. For models that were trained with prefixes, and prompts of half the context at most");
    m_whole->setEnabled(reason.isEmpty());
    m_whole->setToolTip(reason.isEmpty() ? toolTip : reason + u'\n' + toolTip);
    m_whole->setAccessibleDescription(m_whole->toolTip());
    if (m_moreBox) showState();
}

void SamplingForm::hideWhole() { m_whole->hide(); }

void SamplingForm::changeEvent(QEvent *event)
{
    if (event->type() == QEvent::FontChange) fitStop();
    PanelFrame::changeEvent(event);
}

bool SamplingForm::isManual() const { return m_manual->isChecked(); }

void SamplingForm::setManual(bool isManual) { m_manual->setChecked(isManual); }

bool SamplingForm::showsMore() const { return !m_moreBox->isHidden(); }

void SamplingForm::setShowsMore(bool isShown)
{
    if (isShown == showsMore()) return;
    m_moreBox->setVisible(isShown);
    showState();
    Q_EMIT changed();
}

void SamplingForm::rollSeed()
{
    m_seed->setText(QString::number(QRandomGenerator::global()->bounded(1'000'000'000)));
}

} // namespace orrery::ui
