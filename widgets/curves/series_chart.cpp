// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/curves/series_chart.h"

#include "core/spec/field_values.h"
#include "widgets/common/banner.h"
#include "widgets/common/number_text.h"
#include "widgets/curves/curves_feed.h"
#include "widgets/plots/plot_view.h"
#include "widgets/session/engine_session.h"
#include "widgets/theme/theme.h"

#include <QComboBox>
#include <QAbstractItemView>
#include <QCompleter>
#include <QEvent>
#include <QLineEdit>
#include <QSignalBlocker>
#include <QToolButton>

#include <algorithm>
#include <limits>
#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kAskAgainMs = 2000; ///< to go over the names reads all series of the run
constexpr int kNameChars = 28, kShownNames = 24;

/// Number that begins at `at`, which moves behind it.
qulonglong numberAt(const QString &text, qsizetype &at)
{
    qulonglong number = 0;
    while (at < text.size() && text[at].isDigit()) number = number * 10 + qulonglong(text[at++].digitValue());
    return number;
}

/// The training's own first, then by name with its numbers as numbers: head/2.0 stands before head/10.0.
bool isBefore(const QString &left, const QString &right)
{
    const bool isPart = left.contains(u'/'), isOtherPart = right.contains(u'/');
    if (isPart != isOtherPart) return isOtherPart;
    qsizetype i = 0, j = 0;
    while (i < left.size() && j < right.size()) {
        if (left[i].isDigit() && right[j].isDigit()) {
            const qulonglong one = numberAt(left, i), other = numberAt(right, j);
            if (one != other) return one < other;
        } else if (left[i] != right[j]) {
            return left[i] < right[j];
        } else {
            ++i;
            ++j;
        }
    }
    return left.size() - i < right.size() - j;
}

/// With its line, which stands before what is made later: else Shift+Tab would go from there over it to here.
QComboBox *makeChoice(QWidget *parent)
{
    auto *choice = new QComboBox(parent);
    choice->setEditable(true);
    return choice;
}

} // namespace

QString seriesUnit(const QString &name)
{
    if (name.startsWith("head/"_L1)) {
        if (name.endsWith("/entropy"_L1)) return SeriesChart::tr("nats");
        if (name.endsWith("/distance"_L1)) return SeriesChart::tr("tokens");
        if (name.endsWith("/first"_L1)) return SeriesChart::tr("share of the attention");
        return {};
    }
    if (name.startsWith("part/"_L1) || name.startsWith("probe/"_L1)) return {};
    if (name.contains("loss"_L1)) return SeriesChart::tr("nats / token");
    if (name == QLatin1String(series::kGradNorm)) return SeriesChart::tr("L2 norm");
    if (name == QLatin1String(series::kTokensPerSecond)) return SeriesChart::tr("tokens / s");
    if (name == QLatin1String(series::kViewerPercent)) return u"%"_s;
    if (name == QLatin1String(series::kMemoryMiB)) return SeriesChart::tr("MiB");
    return {};
}

SeriesChart::SeriesChart(EngineSession &session, QWidget *parent)
    : PanelFrame(tr("Any series"), parent), m_session(session), m_choice(makeChoice(this)),
      m_view(new PlotView(this))
{
    setObjectName(u"seriesChart"_s);
    m_choice->setObjectName(u"seriesChoice"_s);
    m_choice->setAccessibleName(tr("Series to draw"));
    m_choice->setToolTip(tr("Any number that the run tells: of its heads, of plugins, of the training. Type "
                            "a part of its name."));
    m_choice->setInsertPolicy(QComboBox::NoInsert);
    m_choice->lineEdit()->setPlaceholderText(tr("Choose a series"));
    m_choice->completer()->setFilterMode(Qt::MatchContains);
    m_choice->completer()->setCompletionMode(QCompleter::PopupCompletion);
    m_choice->completer()->popup()->setProperty("completions", true); // as the theme frames them
    m_choice->setMaxVisibleItems(kShownNames);
    m_choice->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_choice->setMinimumContentsLength(kNameChars);
    addTitleWidget(m_choice);
    m_close = addTitleButton(u"close"_s, tr("Put this chart away"));
    m_close->setObjectName(u"closeSeries"_s);
    m_view->setObjectName(u"seriesView"_s);
    setContent(m_view);
    setRun({});
    showSeries();

    m_choice->installEventFilter(this);
    m_choice->lineEdit()->installEventFilter(this);
    connect(m_choice, &QComboBox::activated, this,
            [this](int index) { setSeries(m_choice->itemText(index)); });
    connect(m_choice->lineEdit(), &QLineEdit::returnPressed, this, &SeriesChart::takeTyped);
    connect(m_close, &QToolButton::clicked, this, [this] {
        m_choice->setFocus(); // the button goes
        setSeries({});
    });
    connect(&session, &EngineSession::updated, this, [this](const RunUpdate &update) {
        if (update.run != m_run || m_run.isEmpty()) return;
        QStringList names;
        for (const StepReport &report : update.reports)
            for (const MetricValue &metric : report.values) names << fromStd(metric.series);
        addNames(names);
    });
}

void SeriesChart::setRun(const QString &run)
{
    if (run == m_run && m_choice->count() > 0) return;
    m_run = run;
    ++m_number;
    m_sinceAsked.invalidate();
    banner()->clear();
    m_choice->clear();
    m_known.clear();
    QStringList names;
    for (const std::string &name : CurvesFeed::seriesNames()) names << fromStd(name);
    addNames(names);
    showSeries();
}

QStringList SeriesChart::names() const
{
    QStringList names;
    for (int i = 0; i < m_choice->count(); ++i) names << m_choice->itemText(i);
    return names;
}

void SeriesChart::choose()
{
    m_choice->setFocus(Qt::ShortcutFocusReason);
    m_choice->lineEdit()->selectAll();
}

void SeriesChart::setSeries(const QString &name)
{
    banner()->clear();
    const bool isOther = name != m_series;
    m_series = name;
    showSeries();
    if (isOther) Q_EMIT seriesChanged(name);
}

void SeriesChart::takeTyped()
{
    const QString typed = m_choice->currentText().trimmed();
    const QStringList known = names();
    if (typed.isEmpty() || known.contains(typed)) return setSeries(typed);
    QStringList near;
    for (const QString &name : known)
        if (name.contains(typed, Qt::CaseInsensitive)) near << name;
    if (near.size() == 1) return setSeries(near.first());
    banner()->showError(
        {ErrorCode::NotFound,
         "Cannot draw series " + quotedValue(toStd(typed)) + ": " +
             (near.isEmpty()
                  ? "the run has none of that name, expected one of " + std::to_string(known.size()) +
                        " in the list."
                  : std::to_string(near.size()) + " have it in their names, expected one of them."),
         "Choose it in the list. Series of heads and plugins appear with the first step that tells them."});
}

/// Somebody comes near: what was told while nobody watched is in the store alone.
bool SeriesChart::eventFilter(QObject *watched, QEvent *event)
{
    if (event->type() == QEvent::Enter || event->type() == QEvent::FocusIn) askNames();
    return PanelFrame::eventFilter(watched, event);
}

void SeriesChart::askNames()
{
    if (m_run.isEmpty() || m_session.connectionState() != ConnectionState::Connected) return;
    if (m_sinceAsked.isValid() && m_sinceAsked.elapsed() < kAskAgainMs) return;
    m_sinceAsked.start();
    const quint64 number = m_number;
    m_session.querySeries(m_run, {}, 0, std::numeric_limits<qint64>::max(), 1, this,
                          [this, number](Result<std::vector<SeriesData>> answer) {
                              if (number != m_number) return;
                              if (!answer.ok()) return banner()->showError(answer.error());
                              QStringList names;
                              for (const SeriesData &data : answer.value()) names << fromStd(data.name);
                              addNames(names);
                          });
}

/// Each at its place: a typed text, its selection and an open list stay as they are.
void SeriesChart::addNames(const QStringList &names)
{
    QStringList fresh;
    for (const QString &name : names)
        if (!m_known.contains(name)) {
            m_known.insert(name);
            fresh << name;
        }
    if (fresh.isEmpty()) return;
    std::sort(fresh.begin(), fresh.end(), isBefore);
    const QStringList listed = this->names();
    const QSignalBlocker quiet(m_choice);
    for (qsizetype i = 0; i < fresh.size();) {
        const qsizetype place =
            std::lower_bound(listed.begin(), listed.end(), fresh[i], isBefore) - listed.begin();
        qsizetype end = i + 1;
        while (end < fresh.size() && (place == listed.size() || isBefore(fresh[end], listed[place]))) ++end;
        m_choice->insertItems(int(place + i), fresh.mid(i, end - i)); // i of them stand before it
        i = end;
    }
    // The chosen one may have come only now. The line has its text already, or another that is being typed.
    if (m_choice->currentText() == m_series)
        m_choice->setCurrentIndex(m_choice->findText(m_series, Qt::MatchExactly));
}

void SeriesChart::setReading(bool isReading)
{
    if (std::exchange(m_isReading, isReading) != isReading) showEmptyText();
}

void SeriesChart::showEmptyText()
{
    m_view->setEmptyText(
        (m_isReading ? tr("Reading “%1” …") : tr("This run has not told “%1”.")).arg(m_series));
}

void SeriesChart::showSeries()
{
    m_choice->setCurrentIndex(m_choice->findText(m_series, Qt::MatchExactly));
    m_choice->setEditText(m_series);
    const bool isFolded = m_series.isEmpty();
    m_close->setVisible(!isFolded);
    m_view->setVisible(!isFolded);
    m_view->setTitle(isFolded ? title() : m_series);
    m_view->setYAxis(AxisFormat::Value, seriesUnit(m_series));
    showEmptyText();
    // A folded card leaves the height to the others, a splitter keeps to it.
    setSizePolicy(QSizePolicy::Preferred, isFolded ? QSizePolicy::Fixed : QSizePolicy::Preferred);
}

} // namespace orrery::ui
