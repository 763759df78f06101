// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plugins/plugin_values_panel.h"

#include "widgets/common/banner.h"
#include "widgets/common/counted.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/key_value_grid.h"
#include "widgets/common/number_text.h"
#include "widgets/common/run_text.h"
#include "widgets/common/sparkline.h"
#include "widgets/common/table_style.h"
#include "widgets/common/tone_label.h"
#include "widgets/plugins/plugin_values_model.h"
#include "widgets/theme/theme.h"

#include <QHeaderView>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QPainter>
#include <QSaveFile>
#include <QScrollArea>
#include <QStackedWidget>
#include <QStyledItemDelegate>
#include <QTableView>
#include <QVBoxLayout>

#include <algorithm>
#include <functional>
#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kTrendBuckets = 64;
constexpr int kAskEveryMs = 1000;
constexpr int kMinTwoColumns = 900, kMinSideHeight = 64, kMaxSettings = 420, kFewRows = 6;

class TrendDelegate : public QStyledItemDelegate {
public:
    TrendDelegate(std::function<QColor()> color, QObject *parent) : QStyledItemDelegate(parent), m_color(std::move(color)) {}
    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        QStyledItemDelegate::paint(painter, option, index);
        const ThemeTokens &tokens = Theme::instance().tokens();
        const auto values = index.data(PluginValuesModel::TrendRole).value<std::vector<double>>();
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        paintSparkline(*painter, QRectF(option.rect).adjusted(space::kOne, 4, -space::kOne, -4), values,
                       m_color(), tokens.error);
        painter->restore();
    }

private:
    std::function<QColor()> m_color; ///< of the run, as in every panel
};

QString valueText(const QJsonValue &value)
{
    if (value.isArray()) {
        QStringList parts;
        for (const QJsonValue &part : value.toArray()) parts << valueText(part);
        return parts.join(u", "_s);
    }
    return value.toVariant().toString();
}

} // namespace

PluginValuesPanel::PluginValuesPanel(EngineSession &session, QWidget *parent)
    : PanelFrame(tr("Plugin data"), parent), m_session(session), m_model(new PluginValuesModel(this)),
      m_stack(new QStackedWidget(this)), m_empty(new EmptyState(QString(), QString(), this)),
      m_view(new QTableView(this)), m_side(new QScrollArea(this)),
      m_head(new ElidedLabel(QString(), Tone::Text, TypeSize::Heading, this)),
      m_title(new ToneLabel(tr("Settings in this run"), Tone::Secondary, TypeSize::Small, this)),
      m_settings(new KeyValueGrid(this))
{
    setHelp(tr("Values that parts and probes of plugins tell while a run trains: part/… is a mean over the "
               "reported step, probe/… comes from the passes over the validation data.\n\nDouble-click one, or "
               "press Enter, to see it as a curve. Plugins with a panel of their own show more there."));
    setTitleVisible(false); // the dock has it; here stands what is shown
    m_head->setObjectName(u"pluginValuesHead"_s);
    m_head->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    addTitleWidget(m_head);
    m_view->setModel(m_model);
    styleTable(m_view);
    setObjectName(u"pluginValuesPanel"_s);
    m_view->setObjectName(u"pluginValues"_s);
    m_view->setAccessibleName(tr("Values of plugins"));
    m_view->setSelectionMode(QAbstractItemView::SingleSelection);
    m_view->setItemDelegateForColumn(PluginValuesModel::TrendColumn, new TrendDelegate([this] { return Theme::instance().runColor(runColorIndex(m_run)); }, m_view));
    sizeColumns();
    auto *side = new QWidget;
    auto *sideLayout = new QVBoxLayout(side);
    sideLayout->setContentsMargins(0, 0, 0, 0);
    sideLayout->setSpacing(space::kOne);
    sideLayout->addWidget(m_title);
    m_settings->setMaximumWidth(kMaxSettings); // a value stands near its name
    sideLayout->addWidget(m_settings);
    sideLayout->addStretch(1);
    m_side->setObjectName(u"pluginSettings"_s);
    m_side->setFrameShape(QFrame::NoFrame);
    m_side->setWidgetResizable(true);
    m_side->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_side->viewport()->setAutoFillBackground(false);
    m_side->setWidget(side);
    side->setAutoFillBackground(false);
    m_side->setMinimumHeight(kMinSideHeight);
    auto *page = new QWidget(this);
    m_columns = new QBoxLayout(QBoxLayout::LeftToRight, page);
    m_columns->setContentsMargins(0, 0, 0, 0);
    m_columns->setSpacing(space::kTwo);
    m_columns->addWidget(m_view, 3);
    m_columns->addWidget(m_side, 1);
    m_stack->addWidget(m_empty);
    m_stack->addWidget(page);
    setContent(m_stack);

    PanelExport what;
    what.fileName = u"plugin-data"_s;
    what.data = {u"csv"_s};
    what.save = [this](const QString &path) -> Result<void> {
        QSaveFile file(path);
        if (!file.open(QIODevice::WriteOnly) || file.write(m_model->table().toUtf8()) < 0 || !file.commit())
            return Error{ErrorCode::Io,
                         "Cannot save \"" + toStd(path) + "\": " + toStd(file.errorString()) + ".",
                         "Choose another folder."};
        return {};
    };
    what.table = [this] { return m_model->table(); };
    what.isEmpty = [this] { return m_model->rowCount() == 0; };
    setExport(std::move(what));
    setCommand([this] {
        return m_run.isEmpty() ? QString() : engineCommand({u"watch"_s, m_run, u"--json"_s});
    });

    setView({u"plugin-data"_s,
             [this] {
                 return QVariantMap{{u"run"_s, m_run}, {u"series"_s, m_wanted}};
             },
             [this](const QVariantMap &state) { showSeries(state.value(u"series"_s).toString()); }});

    connect(&m_session, &EngineSession::runsChanged, this, &PluginValuesPanel::showHead); // it may have another name
    m_timer.setSingleShot(true);
    m_timer.setInterval(kAskEveryMs);
    connect(&m_timer, &QTimer::timeout, this, &PluginValuesPanel::ask);
    connect(&m_session, &EngineSession::updated, this, [this](const RunUpdate &update) {
        if (update.run != m_watched || m_watched.isEmpty()) return;
        if (update.mustReplay)
            ask();
        else if (!update.reports.empty() && !m_timer.isActive())
            m_timer.start();
    });
    connect(m_view, &QTableView::activated, this,
            [this](const QModelIndex &index) { Q_EMIT seriesActivated(m_model->seriesName(index.row())); });
    // Not the current row: the first one becomes that with the focus, though nobody chose it.
    connect(m_view->selectionModel(), &QItemSelectionModel::selectionChanged, this,
            [this](const QItemSelection &selected) {
                if (!selected.isEmpty())
                    m_wanted = m_model->seriesName(selected.first().top());
                else if (!m_isTaking && m_view->selectionModel()->selection().isEmpty())
                    m_wanted.clear(); // nobody wants it back
            });
    connect(banner(), &Banner::retryRequested, this, [this] {
        askSpec();
        ask();
    });
    showState();
}

PluginValuesPanel::~PluginValuesPanel() { follow(false); }

void PluginValuesPanel::sizeColumns()
{
    // Wide enough for whatever comes while it trains, so that nothing is cut and nothing jumps.
    const QFontMetrics metrics(typeFont(TypeSize::Base));
    const int padding = 2 * space::kOne + 2;
    const int number = metrics.horizontalAdvance(u"\u22126.200 \u00d7 10\u207b\u2074"_s) + padding;
    for (const int column : {PluginValuesModel::LatestColumn, PluginValuesModel::LeastColumn,
                             PluginValuesModel::GreatestColumn})
        m_view->setColumnWidth(column, number);
    m_view->setColumnWidth(PluginValuesModel::StepColumn, metrics.horizontalAdvance(u"1,000,000"_s) + padding);
    m_view->setColumnWidth(PluginValuesModel::NameColumn, metrics.averageCharWidth() * 30);
    m_view->horizontalHeader()->setSectionResizeMode(PluginValuesModel::TrendColumn, QHeaderView::Stretch);
}

void PluginValuesPanel::resizeEvent(QResizeEvent *event)
{
    PanelFrame::resizeEvent(event);
    m_columns->setDirection(width() >= kMinTwoColumns ? QBoxLayout::LeftToRight : QBoxLayout::TopToBottom);
    fitRows();
}

void PluginValuesPanel::setRun(const QString &run)
{
    if (run == m_run) return;
    follow(false);
    m_run = run;
    ++m_number;
    m_isTaking = true;
    m_model->setSeries({});
    m_isTaking = false;
    m_settings->clear();
    banner()->clear();
    showState();
    if (isVisible()) follow(true);
}

void PluginValuesPanel::showEvent(QShowEvent *event)
{
    PanelFrame::showEvent(event);
    follow(true);
}

void PluginValuesPanel::hideEvent(QHideEvent *event)
{
    PanelFrame::hideEvent(event);
    follow(false);
}

void PluginValuesPanel::follow(bool isWanted)
{
    const QString wanted = isWanted ? m_run : QString();
    if (wanted == m_watched) return;
    if (!m_watched.isEmpty()) m_session.unwatch(m_watched);
    m_watched = wanted;
    m_timer.stop();
    if (wanted.isEmpty()) return;
    askSpec();
    m_session.watch(wanted); // the first answer is a replay: it asks for the values
}

void PluginValuesPanel::ask()
{
    if (m_watched.isEmpty()) return;
    const quint64 number = m_number;
    m_session.querySeries(m_run, {}, 0, 0, kTrendBuckets, this,
                          [this, number](Result<std::vector<SeriesData>> series) {
                              if (number != m_number) return;
                              if (!series) return banner()->showError(series.error(), tr("Retry"));
                              takeSeries(*series);
                          });
}

/// A few rows need no more room than they have, where the settings stand under them.
void PluginValuesPanel::fitRows()
{
    const bool isShort = m_columns->direction() == QBoxLayout::TopToBottom && m_side->isVisibleTo(this) && m_model->rowCount() <= kFewRows;
    const int rows = std::max(1, m_model->rowCount()) * m_view->verticalHeader()->defaultSectionSize();
    m_view->setMaximumHeight(isShort ? m_view->horizontalHeader()->sizeHint().height() + rows + 2 * m_view->frameWidth() + 2
                                     : QWIDGETSIZE_MAX);
}

/// The row that was chosen stays so when new ones come in between.
void PluginValuesPanel::takeSeries(const std::vector<SeriesData> &series)
{
    m_isTaking = true; // rows go and come, and with them what is selected
    m_model->setSeries(series);
    m_isTaking = false;
    selectWanted();
    showState();
}

void PluginValuesPanel::showSeries(const QString &series)
{
    m_view->clearSelection();
    m_wanted = series;
    selectWanted();
}

void PluginValuesPanel::selectWanted()
{
    for (int row = 0; row < m_model->rowCount(); ++row) {
        if (m_model->seriesName(row) != m_wanted) continue;
        if (m_view->selectionModel()->isRowSelected(row)) return;
        m_view->selectRow(row);
        m_view->scrollTo(m_model->index(row, PluginValuesModel::NameColumn));
        return;
    }
}

void PluginValuesPanel::askSpec()
{
    const quint64 number = m_number;
    m_session.getSpec(m_run, this, [this, number](Result<QString> spec) {
        if (number == m_number && spec.ok()) takeSpec(*spec);
    });
}

void PluginValuesPanel::takeSpec(const QString &json)
{
    // The frozen spec of a run stands under "spec", or is the whole of an older file.
    const QJsonObject all = QJsonDocument::fromJson(json.toUtf8()).object();
    const QJsonObject spec = all.contains(u"spec"_s) ? all[u"spec"_s].toObject() : all;
    const QJsonObject plugins = spec[u"plugins"_s].toObject();
    m_settings->clear();
    for (auto plugin = plugins.begin(); plugin != plugins.end(); ++plugin) {
        if (!plugin->isObject()) continue;
        const QJsonObject settings = plugin->toObject();
        for (auto one = settings.begin(); one != settings.end(); ++one)
            m_settings->setValue(plugin.key() + u'.' + one.key(), valueText(one.value()));
    }
    showState();
}

void PluginValuesPanel::showHead()
{
    QStringList parts;
    for (const RunStatus &status : m_session.runs())
        if (fromStd(status.id) == m_run) parts << runTitle(status);
    if (m_model->rowCount() > 0) parts << counted(m_model->rowCount(), tr("1 value"), tr("%1 values"));
    m_head->setFullText(parts.join(u" · "_s));
}

void PluginValuesPanel::showState()
{
    const bool hasSettings = !m_settings->toText().isEmpty();
    m_side->setVisible(hasSettings);
    if (m_run.isEmpty())
        m_empty->setTexts(tr("No run chosen"),
                          tr("What plugins tell of a run appears here. Choose one in the list."));
    else
        m_empty->setTexts(tr("No values of plugins"), tr("Parts and probes of plugins tell values while the "
                                                         "run trains. This run has none of them yet."));
    const int numRows = m_model->rowCount();
    fitRows();
    m_stack->setCurrentIndex(m_run.isEmpty() || (numRows == 0 && !hasSettings) ? 0 : 1);
    showHead();
    setSummary(m_run.isEmpty() ? tr("No run is chosen.")
               : numRows == 1  ? tr("1 value of plugins")
                               : tr("%1 values of plugins").arg(integerText(numRows)));
}

} // namespace orrery::ui
