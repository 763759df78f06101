// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/compare/values_column.h"

#include "widgets/common/glossary.h"
#include "widgets/common/field_text.h"
#include "widgets/common/number_text.h"
#include "widgets/common/run_text.h"
#include "widgets/common/text_export.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

QString tr(const char *text) { return QCoreApplication::translate("ValuesColumn", text); }

struct Description {
    ValuesColumnKind kind;
    const char *id;
    const char *title;
    const char *toolTip;
    Better better = Better::Neither;
    FactNeed need = FactNeed::None;
};

// Titles and hovers are translated where they are shown.
const Description kDescriptions[] = {
    {ValuesColumnKind::Name, "name", QT_TRANSLATE_NOOP("ValuesColumn", "Run"),
     QT_TRANSLATE_NOOP("ValuesColumn", "Name, in the colour that the run has in every panel")},
    {ValuesColumnKind::State, "state", QT_TRANSLATE_NOOP("ValuesColumn", "State"),
     QT_TRANSLATE_NOOP("ValuesColumn", "What the run does now, or how it ended")},
    {ValuesColumnKind::Steps, "steps", QT_TRANSLATE_NOOP("ValuesColumn", "Steps"),
     QT_TRANSLATE_NOOP("ValuesColumn", "Finished updates; of a branch with those of its parent")},
    {ValuesColumnKind::BestValLoss, "best_val_loss", QT_TRANSLATE_NOOP("ValuesColumn", "Best val. loss"),
     QT_TRANSLATE_NOOP("ValuesColumn", "Lowest validation loss so far, nats/token"), Better::Lower},
    {ValuesColumnKind::BestStep, "best_step", QT_TRANSLATE_NOOP("ValuesColumn", "Best at step"),
     QT_TRANSLATE_NOOP("ValuesColumn", "Step of the lowest validation loss"), Better::Neither, FactNeed::BestStep},
    {ValuesColumnKind::ValLoss, "val_loss", QT_TRANSLATE_NOOP("ValuesColumn", "Final val. loss"),
     QT_TRANSLATE_NOOP("ValuesColumn", "Validation loss that was measured last, nats/token"), Better::Lower},
    {ValuesColumnKind::Loss, "loss", QT_TRANSLATE_NOOP("ValuesColumn", "Last loss"),
     QT_TRANSLATE_NOOP("ValuesColumn", "Training loss of the last report, not smoothed, nats/token"), Better::Lower},
    {ValuesColumnKind::Parameters, "parameters", QT_TRANSLATE_NOOP("ValuesColumn", "Parameters"),
     QT_TRANSLATE_NOOP("ValuesColumn", "Weights of the model")},
    {ValuesColumnKind::Tokens, "tokens", QT_TRANSLATE_NOOP("ValuesColumn", "Tokens seen"),
     QT_TRANSLATE_NOOP("ValuesColumn", "Steps × sequences × context, also of the runs that it was branched from"),
     Better::Neither, FactNeed::Settings},
    {ValuesColumnKind::Seconds, "seconds", QT_TRANSLATE_NOOP("ValuesColumn", "Time, s"),
     QT_TRANSLATE_NOOP("ValuesColumn", "Training time over all attempts without pauses; of a branch only its own")},
    {ValuesColumnKind::Speed, "tokens_per_s", QT_TRANSLATE_NOOP("ValuesColumn", "Tokens/s"),
     QT_TRANSLATE_NOOP("ValuesColumn", "Speed of the last report"), Better::Higher},
};

const Description *describe(ValuesColumnKind kind)
{
    const auto found = std::find_if(std::begin(kDescriptions), std::end(kDescriptions),
                                    [kind](const Description &one) { return one.kind == kind; });
    return found == std::end(kDescriptions) ? nullptr : found;
}

constexpr const char *kEndIds[] = {"last", "min", "max"};

QString endTitle(SeriesEnd end)
{
    return end == SeriesEnd::Last ? tr("last") : end == SeriesEnd::Minimum ? tr("min") : tr("max");
}

CompareCell missing(const QString &why, bool isWaiting = false)
{
    return {isWaiting ? u"…"_s : unknownText(), {}, kNaN, why, isWaiting};
}

CompareCell numberCell(const ValuesColumn &column, double value)
{
    QString exact = csvNumber(value);
    if (!std::isfinite(value)) exact = std::isnan(value) ? u"NaN"_s : value > 0 ? u"inf"_s : u"-inf"_s;
    CompareCell cell{columnNumberText(column, value), exact, value, {}, false};
    if (!std::isfinite(value)) {
        cell.number = kNaN; // it is no number to sort or to average by
        cell.why = tr("The value is not finite.");
    }
    return cell;
}

QString notStarted(const RunStatus &status)
{
    return status.state == RunState::Created ? tr("The run has not started.") : QString();
}

/// A number of the status: NaN there stands for "none".
CompareCell statusNumber(const ValuesColumn &column, const RunStatus &status, double value, const QString &why)
{
    if (!std::isnan(value)) return numberCell(column, value);
    return missing(status.state == RunState::Unreadable ? fromStd(status.error)
                   : !notStarted(status).isEmpty()      ? notStarted(status)
                                                        : why);
}

CompareCell stepsCell(const RunStatus &status)
{
    CompareCell cell{integerText(status.step), QString::number(status.step), double(status.step), {}, false};
    if (status.totalSteps > 0 && status.step != status.totalSteps)
        cell.why = tr("%1 of %2 steps").arg(integerText(status.step), integerText(status.totalSteps));
    return cell;
}

CompareCell tokensCell(const ValuesColumn &column, const CompareFacts &facts, const FactsOf &others)
{
    const TokensSeen seen = tokensSeen(facts, others);
    return std::isnan(seen.tokens) ? missing(seen.why, seen.isWaiting) : numberCell(column, seen.tokens);
}

CompareCell bestStepCell(const CompareFacts &facts)
{
    if (facts.bestStep.isWaiting()) return missing(tr("Being asked for."), true);
    if (!facts.bestStep.value) return missing(facts.bestStep.problem);
    const std::optional<qint64> step = *facts.bestStep.value;
    if (!step) return missing(tr("No validation loss was measured."));
    return {integerText(*step), QString::number(*step), double(*step), {}, false};
}

CompareCell seriesCell(const ValuesColumn &column, const CompareFacts &facts)
{
    if (facts.series.isWaiting()) return missing(tr("Being asked for."), true);
    if (!facts.series.value) return missing(facts.series.problem);
    const auto found = facts.series.value->find(toStd(column.name));
    if (found == facts.series.value->end() || found->second.numPoints == 0)
        return missing(tr("The run has no series “%1”.").arg(column.name));
    const SeriesEnds &ends = found->second;
    if (column.end == SeriesEnd::Last) return numberCell(column, ends.last);
    const double value = column.end == SeriesEnd::Minimum ? ends.minimum : ends.maximum;
    if (std::isnan(value)) return missing(tr("No value of “%1” is finite.").arg(column.name));
    CompareCell cell = numberCell(column, value);
    if (ends.numNonFinite > 0) cell.why = tr("%1 of its values are not finite.").arg(integerText(qint64(ends.numNonFinite)));
    return cell;
}

CompareCell settingCell(const ValuesColumn &column, const CompareFacts &facts)
{
    if (facts.settings.isWaiting()) return missing(tr("The settings are being read."), true);
    if (!facts.settings.value) return missing(facts.settings.problem);
    const RunSettings &settings = **facts.settings.value;
    if (!settings.importedFrom.isEmpty())
        return missing(tr("Imported from another program's log: its settings are not known."));
    const SettingValue *value = settings.find(column.name);
    if (!value)
        return missing(settings.problem.isEmpty() ? tr("The run has no setting “%1”.").arg(column.name)
                                                  : settings.problem);
    bool isNumber = false;
    const double number = value->text.toDouble(&isNumber);
    CompareCell cell{settingValueText(settings, *value), value->text, isNumber ? number : kNaN, {}, false};
    if (!value->isStated) cell.why = tr("Not stated in its spec.json: the default then.");
    return cell;
}

} // namespace

QString ValuesColumn::id() const
{
    if (kind == ValuesColumnKind::Setting) return u"set:"_s + name;
    if (kind == ValuesColumnKind::Series) return u"series:%1:%2"_s.arg(name, QLatin1String(kEndIds[size_t(end)]));
    return QLatin1String(describe(kind)->id);
}

std::optional<ValuesColumn> columnFromId(const QString &id)
{
    if (id.startsWith("set:"_L1) && id.size() > 4) return ValuesColumn{ValuesColumnKind::Setting, id.mid(4)};
    if (id.startsWith("series:"_L1)) {
        const qsizetype colon = id.lastIndexOf(u':');
        for (const SeriesEnd end : {SeriesEnd::Last, SeriesEnd::Minimum, SeriesEnd::Maximum})
            if (colon > 7 && id.mid(colon + 1) == QLatin1String(kEndIds[size_t(end)]))
                return ValuesColumn{ValuesColumnKind::Series, id.mid(7, colon - 7), end};
        return std::nullopt;
    }
    for (const Description &one : kDescriptions)
        if (id == QLatin1String(one.id)) return ValuesColumn{one.kind};
    return std::nullopt;
}

const std::vector<ValuesColumn> &ordinaryColumns()
{
    static const std::vector<ValuesColumn> columns = [] {
        std::vector<ValuesColumn> all;
        for (const Description &one : kDescriptions) all.push_back({one.kind});
        return all;
    }();
    return columns;
}

QString ValuesColumn::title() const
{
    if (kind == ValuesColumnKind::Series) return u"%1, %2"_s.arg(name, endTitle(end));
    if (kind == ValuesColumnKind::Setting) {
        const Field *field = findField(toStd(name));
        if (!field || field->label.empty()) return name;
        const QString label = fieldText(field->label);
        // "Steps" is a column already.
        const bool isTaken = std::any_of(std::begin(kDescriptions), std::end(kDescriptions),
                                         [&label](const Description &one) { return label == tr(one.title); });
        return isTaken ? u"%1 (%2)"_s.arg(label, name) : label;
    }
    return tr(describe(kind)->title);
}

QString ValuesColumn::toolTip() const
{
    const auto with = [](const QString &text, const QString &more) { return more.isEmpty() ? text : text + u'\n' + more; };
    if (kind == ValuesColumnKind::Series)
        return with(end == SeriesEnd::Last      ? tr("Last value of the series “%1”").arg(name)
                    : end == SeriesEnd::Minimum ? tr("Smallest finite value of the series “%1”").arg(name)
                                                : tr("Largest finite value of the series “%1”").arg(name),
                    glossaryHover(name));
    if (kind == ValuesColumnKind::Setting) return with(tr("Setting %1 of each run").arg(name), glossaryHover(name));
    QString text = tr(describe(kind)->toolTip);
    if (better() != Better::Neither) text += u'\n' + (better() == Better::Lower ? tr("Lower is better.") : tr("Higher is better."));
    return text;
}

Better ValuesColumn::better() const
{
    if (kind == ValuesColumnKind::Setting) return Better::Neither;
    if (kind == ValuesColumnKind::Series)
        return name.contains("loss"_L1) && end != SeriesEnd::Maximum ? Better::Lower : Better::Neither;
    return describe(kind)->better;
}

FactNeed ValuesColumn::need() const
{
    if (kind == ValuesColumnKind::Setting) return FactNeed::Settings;
    if (kind == ValuesColumnKind::Series) return FactNeed::Series;
    return describe(kind)->need;
}

bool ValuesColumn::isText() const
{
    if (kind == ValuesColumnKind::Name || kind == ValuesColumnKind::State) return true;
    const Field *field = kind == ValuesColumnKind::Setting ? findField(toStd(name)) : nullptr;
    return field && field->type != FieldType::Integer && field->type != FieldType::Real; // a path, a choice
}

CompareCell compareCell(const ValuesColumn &column, const CompareFacts &facts, const FactsOf &others)
{
    const RunStatus &status = facts.status;
    switch (column.kind) {
    case ValuesColumnKind::Name:
        return {runTitle(status), fromStd(status.id), kNaN, {}, false};
    case ValuesColumnKind::State:
        return {runStateWord(status.state), QLatin1String(runStateName(status.state)), kNaN,
                status.error.empty() ? QString() : fromStd(status.error), false};
    case ValuesColumnKind::Steps:
        return stepsCell(status);
    case ValuesColumnKind::Parameters:
        return statusNumber(column, status, status.numParameters > 0 ? double(status.numParameters) : kNaN,
                            tr("The run has no model, or has not built it yet."));
    case ValuesColumnKind::Tokens:
        return tokensCell(column, facts, others);
    case ValuesColumnKind::Seconds:
        return statusNumber(column, status, status.elapsedSeconds > 0 ? status.elapsedSeconds : kNaN,
                            tr("The run does not say how long it trained."));
    case ValuesColumnKind::ValLoss:
        return statusNumber(column, status, status.valLoss, tr("No validation loss was measured."));
    case ValuesColumnKind::BestValLoss:
        return statusNumber(column, status, status.bestValLoss, tr("No validation loss was measured."));
    case ValuesColumnKind::Loss:
        return statusNumber(column, status, status.loss, tr("The run has reported no loss, or it is NaN."));
    case ValuesColumnKind::BestStep:
        return bestStepCell(facts);
    case ValuesColumnKind::Speed:
        return statusNumber(column, status, status.tokensPerSecond, tr("The run does not say how fast it was."));
    case ValuesColumnKind::Series:
        return seriesCell(column, facts);
    case ValuesColumnKind::Setting:
        return settingCell(column, facts);
    }
    return missing({});
}

MeanCell meanOf(const std::vector<double> &values)
{
    MeanCell cell;
    double sum = 0;
    for (const double value : values)
        if (std::isfinite(value)) {
            sum += value;
            ++cell.number;
        }
    if (cell.number == 0) return cell;
    cell.mean = sum / cell.number;
    if (cell.number == 1) return cell;
    double squares = 0;
    for (const double value : values)
        if (std::isfinite(value)) squares += (value - cell.mean) * (value - cell.mean);
    cell.deviation = std::sqrt(squares / (cell.number - 1));
    constexpr double kRounding = 1e-14; // of the sum: equal numbers have no spread
    if (cell.deviation < kRounding * std::abs(cell.mean)) cell.deviation = 0;
    return cell;
}

QString columnNumberText(const ValuesColumn &column, double value)
{
    switch (column.kind) {
    case ValuesColumnKind::Steps:
    case ValuesColumnKind::BestStep:
        return std::isfinite(value) ? integerText(std::llround(value)) : significantText(value);
    case ValuesColumnKind::Parameters:
    case ValuesColumnKind::Tokens:
    case ValuesColumnKind::Speed:
        return compactText(value);
    case ValuesColumnKind::Seconds:
        return fixedText(value, value < 100 ? 1 : 0);
    default:
        return significantText(value, 4);
    }
}

QString meanText(const ValuesColumn &column, const MeanCell &mean)
{
    const QString text = columnNumberText(column, mean.mean);
    if (mean.number == 1) return text;
    if (mean.mean == 0) return tr("%1 ± %2").arg(text, columnNumberText(column, mean.deviation));
    const QString digits = text.section(u' ', 0, 0), unit = text.mid(digits.size()); // " k", " × 10⁻⁵"
    const qsizetype point = digits.indexOf(u'.');
    const auto decimals = int(point < 0 ? 0 : digits.size() - point - 1);
    const double number = QString(digits).remove(u',').remove(QChar(0x2212)).toDouble();
    const double size = number > 0 ? std::pow(10, std::round(std::log10(std::abs(mean.mean) / number))) : 1;
    const double deviation = mean.deviation / size;
    // A small spread is not none: it keeps one digit.
    const bool isLost = deviation > 0 && deviation < 0.5 * std::pow(10, -decimals);
    const int shown = isLost ? int(std::ceil(-std::log10(deviation))) : decimals;
    const QString both = tr("%1 ± %2").arg(digits, fixedText(deviation, shown));
    return (unit.startsWith(u" ×"_s) ? u"(%1)"_s.arg(both) : both) + unit;
}

} // namespace orrery::ui
