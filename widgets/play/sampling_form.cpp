// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/sampling_form.h"

#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QCheckBox>
#include <QDoubleSpinBox>
#include <QGridLayout>
#include <QLineEdit>
#include <QRandomGenerator>
#include <QRegularExpressionValidator>
#include <QSpinBox>
#include <QToolButton>

using namespace Qt::StringLiterals;

namespace orrery::ui {

SamplingForm::SamplingForm(QWidget *parent)
    : PanelFrame(tr("Sampling"), parent), m_temperature(new QDoubleSpinBox(this)),
      m_topP(new QDoubleSpinBox(this)), m_topK(new QSpinBox(this)), m_maxTokens(new QSpinBox(this)),
      m_seed(new QLineEdit(this)), m_manual(new QCheckBox(tr("Choose each token"), this))
{
    setObjectName(u"samplingForm"_s);
    m_temperature->setRange(0, 10);
    m_temperature->setSingleStep(0.1);
    m_temperature->setDecimals(2);
    m_topP->setRange(0.01, 1);
    m_topP->setSingleStep(0.05);
    m_topP->setDecimals(2);
    m_topK->setRange(0, 100'000);
    m_topK->setSpecialValueText(tr("off"));
    m_maxTokens->setRange(1, 1'000'000);
    m_maxTokens->setGroupSeparatorShown(true);
    m_seed->setValidator(new QRegularExpressionValidator(QRegularExpression(u"[0-9]{1,18}"_s), m_seed));
    auto *dice = makeIconButton(u"refresh"_s, tr("Draw another seed"), this);
    dice->setObjectName(u"rollSeed"_s);
    connect(dice, &QToolButton::clicked, this, &SamplingForm::rollSeed);
    auto *content = new QWidget(this);
    auto *grid = new QGridLayout(content);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(space::kOne);
    grid->setVerticalSpacing(space::kHalf);
    grid->setColumnStretch(0, 1);
    auto addRow = [&](const QString &name, QWidget *control, const char *objectName, const QString &toolTip,
                      QWidget *extra = nullptr) {
        const int line = grid->rowCount();
        auto *label = new ToneLabel(name, Tone::Secondary, TypeSize::Base, content);
        label->setBuddy(control);
        label->setToolTip(toolTip);
        control->setToolTip(toolTip);
        control->setAccessibleName(name);
        control->setObjectName(QLatin1String(objectName));
        control->setFixedWidth(112);
        grid->addWidget(label, line, 0);
        grid->addWidget(control, line, 1);
        if (extra) grid->addWidget(extra, line, 2);
    };
    addRow(tr("Temperature"), m_temperature, "temperature",
           tr("0 takes the most probable token; 1 samples as the model believes; range 0 … 10"));
    addRow(tr("Top-k"), m_topK, "topK", tr("Samples among the k most probable tokens; 0 is off"));
    addRow(tr("Top-p"), m_topP, "topP",
           tr("Samples among the most probable tokens that sum to p; 1 is off; range 0.01 … 1"));
    addRow(tr("Max tokens"), m_maxTokens, "maxTokens", tr("Stops after so many tokens"));
    addRow(tr("Seed"), m_seed, "seed", tr("The same seed, prompt and model repeat the text"), dice);
    m_manual->setObjectName(u"chooseTokens"_s);
    m_manual->setAccessibleName(m_manual->text());
    m_manual->setToolTip(tr("The model proposes, you take: after Generate the candidates for each token are "
                            "listed, and the answer is what you choose"));
    grid->addWidget(m_manual, grid->rowCount(), 0, 1, 3);
    connect(m_manual, &QCheckBox::toggled, this, &SamplingForm::manualChanged);
    setContent(content);
    setSettings(SamplingSettings{});
    for (QDoubleSpinBox *box : {m_temperature, m_topP})
        connect(box, &QDoubleSpinBox::valueChanged, this, &SamplingForm::changed);
    for (QSpinBox *box : {m_topK, m_maxTokens})
        connect(box, &QSpinBox::valueChanged, this, &SamplingForm::changed);
    connect(m_seed, &QLineEdit::textChanged, this, &SamplingForm::changed);
}

SamplingSettings SamplingForm::settings() const
{
    SamplingSettings settings;
    settings.temperature = m_temperature->value();
    settings.topK = m_topK->value();
    settings.topP = m_topP->value();
    settings.maxTokens = m_maxTokens->value();
    settings.seed = m_seed->text().toULongLong();
    return settings;
}

void SamplingForm::setSettings(const SamplingSettings &settings)
{
    m_temperature->setValue(settings.temperature);
    m_topK->setValue(static_cast<int>(settings.topK));
    m_topP->setValue(settings.topP);
    m_maxTokens->setValue(static_cast<int>(settings.maxTokens));
    m_seed->setText(QString::number(settings.seed));
}

bool SamplingForm::isManual() const { return m_manual->isChecked(); }

void SamplingForm::setManual(bool isManual) { m_manual->setChecked(isManual); }

void SamplingForm::rollSeed()
{
    m_seed->setText(QString::number(QRandomGenerator::global()->bounded(1'000'000'000)));
}

} // namespace orrery::ui
