// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plugins/plugins_panel.h"

#include "widgets/common/banner.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"
#include "widgets/common/table_style.h"
#include "widgets/common/text_export.h"
#include "widgets/common/tone_label.h"
#include "widgets/plugins/plugin_details.h"
#include "widgets/plugins/plugin_list_model.h"
#include "widgets/plugins/plugin_settings_form.h"
#include "widgets/theme/theme.h"

#include <QAction>
#include <QFocusEvent>
#include <QHeaderView>
#include <QKeyEvent>
#include <QPushButton>
#include <QSplitter>
#include <QStackedWidget>
#include <QTableView>
#include <QToolButton>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kMinTwoColumns = 720, kDetailsWidth = 380, kLeastProvided = 20;

} // namespace

PluginsPanel::PluginsPanel(EngineSession &session, QWidget *parent)
    : PanelFrame(tr("Plugins"), parent), m_session(session), m_model(new PluginListModel(this)),
      m_view(new QTableView(this)), m_details(new PluginDetails(this)), m_splitter(new QSplitter(this)),
      m_stack(new QStackedWidget(this)), m_empty(new EmptyState(QString(), QString(), this))
{
    setObjectName(u"pluginsPanel"_s);
    m_details->settings()->setEngine(&session);
    setMinimumSize(360, 280);
    QToolButton *again = addTitleButton(u"refresh"_s, tr("Look into the folders again (F5)"));
    again->setObjectName(u"refreshPlugins"_s);
    connect(again, &QToolButton::clicked, this, &PluginsPanel::refresh);
    QToolButton *close = addTitleButton(u"close"_s, tr("Close (Esc)"));
    close->setObjectName(u"closePlugins"_s);
    connect(close, &QToolButton::clicked, this, &PluginsPanel::closeRequested);

    m_view->setModel(m_model);
    m_view->setObjectName(u"pluginTable"_s);
    m_view->setAccessibleName(tr("Plugins of the engine"));
    styleTable(m_view);
    m_view->setSelectionMode(QAbstractItemView::SingleSelection);
    const QFontMetrics metrics(typeFont(TypeSize::Base));
    const int padding = 2 * space::kOne + 2;
    m_view->setColumnWidth(PluginListModel::NameColumn, metrics.averageCharWidth() * 24);
    m_view->setColumnWidth(PluginListModel::VersionColumn,
                           metrics.horizontalAdvance(u"100.10.10"_s) + padding);
    m_view->setColumnWidth(PluginListModel::StateColumn,
                           metrics.horizontalAdvance(pluginStateText(PluginState::Available)) + padding);
    for (const int column : {PluginListModel::NameColumn, PluginListModel::VersionColumn, PluginListModel::StateColumn})
        m_widthOfOthers += m_view->columnWidth(column);
    auto *copy = new QAction(tr("Copy as command"), m_view);
    connect(copy, &QAction::triggered, this, [this] {
        copyToClipboard(engineCommand({u"plugins"_s, u"show"_s, selectedId()}));
    });
    m_view->addAction(copy);
    m_view->setContextMenuPolicy(Qt::ActionsContextMenu);

    m_splitter->addWidget(m_view);
    m_splitter->addWidget(m_details);
    m_splitter->setChildrenCollapsible(false);
    connect(m_splitter, &QSplitter::splitterMoved, this, &PluginsPanel::fitColumns);
    m_splitter->setStretchFactor(0, 1);
    m_splitter->setSizes({520, kDetailsWidth});
    m_stack->addWidget(m_splitter);
    m_stack->addWidget(m_empty);
    QPushButton *look = m_empty->addButton(tr("Look again"));
    look->setObjectName(u"lookAgain"_s);
    connect(look, &QPushButton::clicked, this, &PluginsPanel::refresh);
    QPushButton *copyFolder = m_empty->addPlainButton(tr("Copy the folder's path"));
    copyFolder->setObjectName(u"copyPluginFolder"_s);
    connect(copyFolder, &QPushButton::clicked, this,
            [this] { copyToClipboard(m_session.engine().home + u"/plugins"_s); });
    setContent(m_stack);

    connect(m_view->selectionModel(), &QItemSelectionModel::selectionChanged, this,
            &PluginsPanel::showSelected);
    connect(m_model, &QAbstractItemModel::dataChanged, this, &PluginsPanel::showSelected);
    connect(m_details, &PluginDetails::useRequested, this,
            [this] { Q_EMIT useRequested(m_details->specValues()); });
    connect(banner(), &Banner::retryRequested, this, &PluginsPanel::refresh);
    connect(&session, &EngineSession::connectionChanged, this, [this] {
        if (isVisible()) refresh();
    });
    adoptFrame();
    updateEmptyState();
}

void PluginsPanel::adoptFrame()
{
    PanelExport what;
    what.fileName = u"plugins"_s;
    what.data = {u"csv"_s};
    what.save = [this](const QString &path) { return saveTextFile(table(), path); };
    what.table = [this] { return table(); };
    what.isEmpty = [this] { return m_model->rowCount() == 0; };
    setExport(std::move(what));
    setView({u"plugins"_s,
             [this] { return QVariantMap{{u"plugin"_s, selectedId()}}; },
             [this](const QVariantMap &state) {
                 m_wantedId = state.value(u"plugin"_s).toString();
                 const auto &all = plugins();
                 for (int row = 0; row < int(all.size()); ++row)
                     if (fromStd(all[size_t(row)].id) == m_wantedId) m_view->selectRow(row);
             }});
    setCommand([this] {
        return selectedId().isEmpty() ? engineCommand({u"plugins"_s, u"list"_s})
                                      : engineCommand({u"plugins"_s, u"show"_s, selectedId()});
    });
    setHelp(tr("Parts of models, data and panels that are not built in. The engine finds them in its folders; "
               "what cannot be used says why. \u201cUse\u201d puts one into the form of a new run."));
}

QString PluginsPanel::table() const
{
    QStringList head;
    for (int column = 0; column < m_model->columnCount(); ++column)
        head << m_model->headerData(column, Qt::Horizontal, Qt::DisplayRole).toString();
    QString text = csvLine(head);
    for (int row = 0; row < m_model->rowCount(); ++row) {
        QStringList fields;
        for (int column = 0; column < m_model->columnCount(); ++column)
            fields << m_model->index(row, column).data().toString();
        text += csvLine(fields);
    }
    return text;
}

const std::vector<PluginInfo> &PluginsPanel::plugins() const { return m_model->plugins(); }

void PluginsPanel::setUiProblems(const std::map<std::string, QString> &problems)
{
    m_model->setUiProblems(problems);
}

void PluginsPanel::refresh()
{
    if (m_session.connectionState() != ConnectionState::Connected) {
        m_isAsking = false;
        updateEmptyState();
        return;
    }
    m_isAsking = true;
    updateEmptyState();
    m_session.listPlugins(this, [this, ticket = ++m_ticket](Result<PluginListingValue> listing) {
        if (ticket == m_ticket) takeListing(listing);
    });
}

void PluginsPanel::takeListing(const Result<PluginListingValue> &listing)
{
    m_isAsking = false;
    if (!listing) {
        banner()->showError(listing.error(), tr("Retry"));
        updateEmptyState();
        return;
    }
    showProblems(listing->problems);
    const QString wanted = selectedId().isEmpty() ? m_wantedId : selectedId();
    m_isTaking = true; // rows move under the selection: what they show meanwhile is not what was chosen
    m_model->setPlugins(listing->plugins);
    updateEmptyState();
    int row = m_model->rowCount() > 0 ? 0 : -1;
    for (int i = 0; i < m_model->rowCount(); ++i)
        if (m_model->index(i, 0).data(PluginListModel::IdRole).toString() == wanted) {
            row = i;
            break;
        }
    if (row >= 0) m_view->selectRow(row);
    m_isTaking = false;
    if (row >= 0 && hasFocus()) m_view->setFocus();
    showSelected();
}

void PluginsPanel::showProblems(const std::vector<Error> &problems)
{
    banner()->clear();
    if (problems.empty()) return;
    QStringList texts;
    for (const Error &problem : problems) texts << fromStd(problem.message);
    banner()->showMessage(BannerKind::Warning, texts.join(u'\n'), fromStd(problems.front().hint));
}

void PluginsPanel::updateEmptyState()
{
    const bool isConnected = m_session.connectionState() == ConnectionState::Connected;
    // Without a list the keys (Esc, F5) need a place; with one, Shift+Tab would be handed back to it from here.
    setFocusPolicy(m_model->rowCount() > 0 ? Qt::ClickFocus : Qt::StrongFocus);
    if (const int numPlugins = m_model->rowCount(); numPlugins > 0) {
        m_stack->setCurrentWidget(m_splitter);
        const auto numUsable = std::count_if(plugins().begin(), plugins().end(),
                                             [](const PluginInfo &plugin) { return plugin.isUsable(); });
        setSummary(numPlugins == 1 ? (numUsable == 1 ? tr("1 plugin") : tr("1 plugin, which cannot be used"))
                                   : tr("%1 plugins, %2 of them can be used")
                                         .arg(integerText(numPlugins), integerText(numUsable)));
        return;
    }
    if (!isConnected)
        m_empty->setTexts(tr("No engine"),
                          tr("The plugins of the engine stand here as soon as it is connected."));
    else if (m_isAsking)
        m_empty->setTexts(tr("Looking for plugins …"), QString());
    else
        m_empty->setTexts(
            tr("No plugins yet"),
            tr("A plugin adds parts to models and panels to this window. Put its folder into %1/plugins.")
                .arg(m_session.engine().home));
    for (const char *name : {"lookAgain", "copyPluginFolder"})
        m_empty->findChild<QPushButton *>(QString::fromLatin1(name))->setVisible(isConnected && !m_isAsking);
    m_stack->setCurrentWidget(m_empty);
    setSummary(m_empty->accessibleName() + u". "_s + m_empty->accessibleDescription());
}

QString PluginsPanel::selectedId() const
{
    const QModelIndexList rows = m_view->selectionModel()->selectedRows();
    return rows.isEmpty() ? QString() : rows.first().data(PluginListModel::IdRole).toString();
}

void PluginsPanel::showSelected()
{
    if (m_isTaking) return;
    const QModelIndexList rows = m_view->selectionModel()->selectedRows();
    for (QAction *action : m_view->actions()) action->setEnabled(!rows.isEmpty());
    if (rows.isEmpty()) return;
    const PluginInfo &plugin = m_model->plugins()[static_cast<size_t>(rows.first().row())];
    m_wantedId = fromStd(plugin.id);
    m_details->setPlugin(plugin, m_model->uiProblem(plugin.id));
}

void PluginsPanel::showEvent(QShowEvent *event)
{
    PanelFrame::showEvent(event);
    if (!event->spontaneous()) refresh();
}

void PluginsPanel::focusInEvent(QFocusEvent *event)
{
    PanelFrame::focusInEvent(event);
    if (m_view->isVisible()) m_view->setFocus(event->reason());
}

bool PluginsPanel::event(QEvent *event)
{
    // F5 belongs to this page while the focus is in it, not to the window's shortcut for resuming a run.
    if (event->type() == QEvent::ShortcutOverride && static_cast<QKeyEvent *>(event)->key() == Qt::Key_F5) {
        event->accept();
        return true;
    }
    return PanelFrame::event(event);
}

void PluginsPanel::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Escape) {
        Q_EMIT closeRequested();
        return;
    }
    if (event->key() == Qt::Key_F5) {
        refresh();
        return;
    }
    PanelFrame::keyPressEvent(event);
}

void PluginsPanel::resizeEvent(QResizeEvent *event)
{
    PanelFrame::resizeEvent(event);
    m_splitter->setOrientation(width() >= kMinTwoColumns ? Qt::Horizontal : Qt::Vertical);
    fitColumns();
}

/// A column that would be cut stands whole in the details.
void PluginsPanel::fitColumns()
{
    const int room = m_view->viewport()->width() - m_widthOfOthers; // as the last one they take what is left
    m_view->setColumnHidden(PluginListModel::NoteColumn, room < fontMetrics().averageCharWidth() * kLeastProvided);
}

} // namespace orrery::ui
