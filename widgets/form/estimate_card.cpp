// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/form/estimate_card.h"

#include "widgets/common/counted.h"
#include "widgets/common/key_value_grid.h"
#include "widgets/common/number_text.h"
#include "widgets/common/tone_label.h"
#include "widgets/form/module_cost_table.h"
#include "widgets/theme/theme.h"

#include "core/spec/estimate_kept.h"
#include "core/spec/module_cost.h"

#include <QVBoxLayout>

#include <utility>

namespace orrery::ui {

namespace {

constexpr uint64_t kAnyTokens =
    1'000'000; ///< for the question whether a spec keeps anything that goes with them

/// Of a text of so many training tokens; 0: not known
uint64_t valTokensOf(const RunSpec &spec, quint64 trainTokens)
{
    const double share = spec.data.valFraction;
    if (trainTokens == 0 || !(share > 0) || share >= 1 || spec.data.path.starts_with("gen:")) return 0;
    return static_cast<uint64_t>(static_cast<double>(trainTokens) * share / (1 - share));
}

/// Whose copy has what the modules cost, too.
class EstimateNumbers : public KeyValueGrid {
public:
    EstimateNumbers(const ModuleCostTable &modules, QWidget *parent)
        : KeyValueGrid(parent), m_modules(modules)
    {
    }
    [[nodiscard]] QString toText() const override { return KeyValueGrid::toText() + m_modules.toText(); }

private:
    const ModuleCostTable &m_modules;
};

} // namespace

EstimateCard::EstimateCard(QWidget *parent)
    : PanelFrame(tr("Estimate"), parent), m_modules(new ModuleCostTable(this)),
      m_numbers(new EstimateNumbers(*m_modules, this)),
      m_warning(new ToneLabel(QString(), Tone::Error, TypeSize::Small, this)),
      m_assumption(new ToneLabel(QString(), Tone::Secondary, TypeSize::Small, this))
{
    setObjectName(QStringLiteral("estimateCard"));
    m_numbers->setObjectName(QStringLiteral("estimateNumbers"));
    m_warning->setObjectName(QStringLiteral("estimateWarning"));
    const std::pair<QString, const char *> terms[] = {{tr("Parameters"), "parameters"},
                                                      {tr("Memory"), "memory"},
                                                      {tr("A generated text"), "cache"},
                                                      {tr("Tokens per step"), "tokens_per_step"},
                                                      {tr("Tokens in all"), "tokens"},
                                                      {tr("Passes over the data"), "passes"},
                                                      {tr("Time"), "time"}};
    for (const auto &[name, term] : terms) m_numbers->explain(name, QLatin1String("estimate/") + QLatin1String(term));
    for (ToneLabel *label : {m_warning, m_assumption}) {
        label->setWordWrap(true);
        label->setMinimumWidth(80);
    }
    auto *content = new QWidget(this);
    auto *layout = new QVBoxLayout(content);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kOne);
    layout->addWidget(m_numbers);
    layout->addWidget(m_warning);
    layout->addWidget(m_assumption);
    m_separator = makeSeparator(content);
    layout->addWidget(m_separator);
    layout->addWidget(m_modules);
    layout->addStretch(1);
    setContent(content);
}

void EstimateCard::setEstimate(const RunSpec &spec, const FieldTable &table,
                               const std::vector<PastSpeed> &past, quint64 memoryBytes, quint64 trainTokens)
{
    const uint64_t valTokens = valTokensOf(spec, trainTokens);
    m_estimate = estimateWhole(spec, table, trainTokens);
    m_time = estimateTime(spec, m_estimate, machineSpeed(spec, m_estimate, past), valTokens, trainTokens);
    m_estimate.secondsPerStep = m_time.secondsPerStep;
    m_estimate.totalSeconds = m_time.seconds;
    m_exceedsMemory = spec.device == "cpu" && memoryBytes > 0 && m_estimate.totalBytes > memoryBytes;
    const auto count = [](quint64 value) { return countText(static_cast<double>(value)); };
    QString parameters = tr("%1, of which %2 outside the embeddings")
                             .arg(integerText(static_cast<qint64>(m_estimate.numParameters)),
                                  integerText(static_cast<qint64>(m_estimate.numNonEmbedding)));
    if (m_estimate.numOfPlugins > 0)
        parameters +=
            tr(", %1 in parts of plugins").arg(integerText(static_cast<qint64>(m_estimate.numOfPlugins)));
    m_numbers->setValue(tr("Parameters"), count(m_estimate.numParameters), parameters);
    QString memory = tr("Weights %1, optimizer %2, activations about %3")
                         .arg(bytesText(m_estimate.weightBytes), bytesText(m_estimate.optimizerBytes),
                              bytesText(m_estimate.activationBytes));
    if (m_estimate.stackBytes > 0) memory += tr(", the modalities' weights side by side %1").arg(bytesText(m_estimate.stackBytes));
    if (m_estimate.continualBytes > 0)
        memory += tr(", kept of earlier texts %1").arg(bytesText(m_estimate.continualBytes));
    else if (trainTokens == 0 && keptLogitBytes(spec, kAnyTokens) > 0)
        memory += tr(", and what derpp keeps of earlier texts, which is known when the data are");
    m_numbers->setValue(tr("Memory"), bytesText(m_estimate.totalBytes),
                        m_exceedsMemory ? Tone::Error : Tone::Text, memory);
    m_numbers->setValue(tr("A generated text"), bytesText(m_estimate.cacheBytes),
                        tr("Keys, values and what is remembered, beside the weights, when all is full"));
    m_numbers->setValue(tr("Tokens per step"), count(m_estimate.tokensPerStep));
    m_numbers->setValue(tr("Tokens in all"), count(m_estimate.totalTokens));
    m_numbers->setValue(tr("Passes over the data"),
                        trainTokens > 0 ? significantText(static_cast<double>(m_estimate.totalTokens) /
                                                              static_cast<double>(trainTokens),
                                                          2)
                                        : unknownText(),
                        tr("How often each training token is read on average"));
    showTime(spec);
    m_modules->setCosts(costOfModules(spec, table, m_time.speed, valTokens, trainTokens), spec, table,
                        m_isTimeKnown);
    m_separator->setVisible(!m_modules->isHidden());
    m_warning->setVisible(m_exceedsMemory);
    m_warning->setText(tr("More than this machine's %1. Choose a smaller batch, context or preset.")
                           .arg(bytesText(memoryBytes)));
}

void EstimateCard::showTime(const RunSpec &spec)
{
    const MachineSpeed &speed = m_time.speed;
    m_isTimeKnown = spec.device == "cpu" || speed.numMeasured > 0;
    if (!m_isTimeKnown) {
        m_numbers->setValue(tr("Time"), unknownText());
        m_assumption->setText(tr("Time on a GPU is not known before it has trained once."));
        return;
    }
    const RunTime &parts = m_time.parts;
    QString made = tr("Most likely %1: updates %2 (%3 each), validation %4, samples and frames %5, "
                      "checkpoints %6, start %7")
                       .arg(durationText(m_time.seconds), durationText(parts.updates),
                            exactDurationText(m_time.secondsPerStep), durationText(parts.evaluation),
                            durationText(parts.looking), durationText(parts.checkpoints),
                            durationText(parts.start));
    if (parts.stages > 0) made += tr(", keeping earlier texts %1").arg(durationText(parts.stages));
    m_numbers->setValue(tr("Time"), tr("%1 to %2").arg(durationText(m_time.least), durationText(m_time.most)), made);
    if (speed.numMeasured == 0)
        m_assumption->setText(tr("Time on two cores of 60 GFLOP/s, as nothing has trained here yet."));
    else
        m_assumption->setText((speed.isSimilar
                                   ? tr("Time by how fast %1 went here, of about this size among them.")
                                   : tr("Time by how fast %1 went here, none of about this size."))
                                  .arg(counted(speed.numMeasured, tr("1 training"), tr("%1 trainings"))));
}

QString EstimateCard::summaryLine() const
{
    QStringList parts{tr("%1 parameters").arg(countText(static_cast<double>(m_estimate.numParameters))), bytesText(m_estimate.totalBytes)};
    if (m_isTimeKnown) parts << tr("%1 to %2").arg(durationText(m_time.least), durationText(m_time.most));
    return parts.join(QStringLiteral("  ·  "));
}

} // namespace orrery::ui
