// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/connections_dialog.h"

#include "app/workbench/connection_form.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QHBoxLayout>
#include <QListWidget>
#include <QPushButton>
#include <QScrollArea>
#include <QStackedWidget>
#include <QStyle>
#include <QVBoxLayout>
#include <QtConcurrentRun>

#include <algorithm>
#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {

ConnectionsDialog::ConnectionsDialog(ConnectionBook book, const QString &current, QWidget *parent)
    : QDialog(parent), m_book(std::move(book)), m_current(current), m_list(new QListWidget(this)), m_pages(new QStackedWidget(this)),
      m_form(new ConnectionForm(this)), m_add(new QPushButton(tr("Add"), this)), m_remove(new QPushButton(tr("Remove"), this)),
      m_save(new QPushButton(tr("Save"), this)), m_connect(new QPushButton(tr("Connect"), this))
{
    setObjectName(u"connectionsDialog"_s);
    setWindowTitle(tr("Hosts"));
    m_pages->addWidget(makeLocalPage());
    // What has to be compared must never be cut off, however small the dialog is.
    auto *scroll = new QScrollArea(this);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(m_form);
    m_pages->addWidget(scroll);
    m_save->setObjectName(u"connectionSave"_s);
    m_connect->setObjectName(u"connectionConnect"_s);
    makePrimary(m_connect);
    auto *close = new QPushButton(tr("Close"), this);
    auto *buttons = new QHBoxLayout;
    buttons->addStretch(1);
    for (QPushButton *button : {close, m_save, m_connect}) buttons->addWidget(button);
    auto *columns = new QHBoxLayout;
    columns->setSpacing(space::kTwo);
    columns->addWidget(makeList());
    columns->addWidget(m_pages, 1);
    auto *layout = new QVBoxLayout(this);
    layout->setSpacing(space::kTwo);
    layout->addLayout(columns, 1);
    layout->addLayout(buttons);
    resize(880, 560);
    // Enter in a field saves nothing and trusts nobody.
    for (QPushButton *button : findChildren<QPushButton *>()) button->setAutoDefault(false);

    connect(close, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_list, &QListWidget::currentRowChanged, this, &ConnectionsDialog::takeRow);
    connect(m_list, &QListWidget::itemActivated, this, [this] { m_connect->click(); });
    connect(m_form, &ConnectionForm::edited, this, &ConnectionsDialog::refresh);
    connect(m_form, &ConnectionForm::undoRequested, this, &ConnectionsDialog::undoRemoval);
    connect(m_add, &QPushButton::clicked, this, &ConnectionsDialog::beginNew);
    connect(m_remove, &QPushButton::clicked, this, &ConnectionsDialog::removeChosen);
    connect(m_save, &QPushButton::clicked, this, [this] { save(false); });
    connect(m_connect, &QPushButton::clicked, this, [this] {
        if (m_list->currentRow() == 0 && !m_isNew)
            Q_EMIT connectRequested(std::nullopt);
        else if (m_form->isChanged() || m_isNew)
            save(true);
        else if (const Connection *connection = chosen())
            Q_EMIT connectRequested(*connection);
    });
    takeList(std::vector<Connection>(), m_current);
    reload(m_current);
}

ConnectionsDialog::~ConnectionsDialog() = default;

QWidget *ConnectionsDialog::makeList()
{
    auto *side = new QWidget(this);
    m_list->setObjectName(u"connectionList"_s);
    m_list->setAccessibleName(tr("Hosts"));
    m_list->setMinimumWidth(200);
    m_list->setIconSize({16, 16});
    m_list->setTextElideMode(Qt::ElideMiddle);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_add->setObjectName(u"connectionAdd"_s);
    m_remove->setObjectName(u"connectionRemove"_s);
    auto *buttons = new QHBoxLayout;
    buttons->addWidget(m_add);
    buttons->addWidget(m_remove);
    auto *layout = new QVBoxLayout(side);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_list, 1);
    layout->addLayout(buttons);
    side->setMaximumWidth(280);
    return side;
}

QWidget *ConnectionsDialog::makeLocalPage()
{
    auto *page = new QWidget(this);
    auto *title = new ToneLabel(tr("This computer"), Tone::Text, TypeSize::Heading, page);
    auto *text = new ToneLabel(tr("The engine of this computer is started when it is needed; nobody else can reach it. To let another computer "
                                   "in, run in a terminal:"),
                                Tone::Secondary, TypeSize::Base, page);
    text->setWordWrap(true);
    auto *commands = new ToneLabel(u"orrery-engine host token create NAME\norrery-engine host --listen 0.0.0.0:7431"_s, Tone::Text,
                                   TypeSize::Mono, page);
    commands->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    commands->setAccessibleName(tr("Commands for a terminal"));
    auto *layout = new QVBoxLayout(page);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kOne);
    layout->addWidget(title);
    layout->addWidget(text);
    layout->addWidget(commands);
    layout->addStretch(1);
    return page;
}

void ConnectionsDialog::setCurrentHost(const QString &name)
{
    m_current = name;
    takeList(m_connections, m_list->currentItem() ? m_list->currentItem()->data(Qt::UserRole).toString() : QString());
}

void ConnectionsDialog::reload(const QString &select)
{
    QtConcurrent::run([book = m_book] { return book.list(); }).then(this, [this, select](const Result<std::vector<Connection>> &list) {
        takeList(list, select);
    });
}

void ConnectionsDialog::takeList(const Result<std::vector<Connection>> &list, const QString &select)
{
    if (list)
        m_connections = *list;
    const QSignalBlocker blocker(m_list);
    m_list->clear();
    const auto add = [this](const QString &name, const QString &title) {
        auto *item = new QListWidgetItem(title, m_list);
        item->setData(Qt::UserRole, name);
        const bool isCurrent = name == m_current;
        item->setIcon(Theme::instance().icon(isCurrent ? u"check"_s : u"link"_s));
        if (isCurrent) item->setData(Qt::AccessibleDescriptionRole, tr("The window works with it"));
        return item;
    };
    m_list->setCurrentItem(add({}, tr("This computer")));
    for (const Connection &connection : m_connections) {
        const QString name = QString::fromStdString(connection.name);
        QListWidgetItem *item = add(name, name);
        item->setToolTip(name + u'\n' + QString::fromStdString(connection.isSocket() ? connection.socketPath : connection.address));
        if (name == select) m_list->setCurrentItem(item);
    }
    if (!m_isNew) takeRow(m_list->currentRow());
    if (!list) {
        m_pages->setCurrentIndex(1);
        m_form->showError(list.error());
    }
    refresh();
}

const Connection *ConnectionsDialog::chosen() const
{
    const int row = m_list->currentRow() - 1;
    return m_isNew || row < 0 || row >= static_cast<int>(m_connections.size()) ? nullptr : &m_connections[static_cast<size_t>(row)];
}

void ConnectionsDialog::takeRow(int row)
{
    if (row < 0) return;
    m_isNew = false;
    const Connection *connection = chosen();
    m_pages->setCurrentIndex(connection ? 1 : 0);
    m_form->setConnection(connection ? *connection : Connection());
    refresh();
}

void ConnectionsDialog::beginNew()
{
    {
        const QSignalBlocker blocker(m_list);
        m_list->setCurrentRow(-1);
    }
    m_isNew = true;
    m_pages->setCurrentIndex(1);
    m_form->setConnection({});
    m_form->focusName();
    refresh();
}

void ConnectionsDialog::save(bool isConnecting)
{
    const Connection connection = m_form->connection();
    if (const auto checked = checkConnection(connection); !checked) return m_form->showError(checked.error());
    const Connection *old = chosen();
    const std::string replaces = old ? old->name : std::string();
    m_isWriting = true;
    refresh();
    QtConcurrent::run([book = m_book, connection, replaces]() mutable { return book.put(connection, replaces); })
        .then(this, [this, connection, isConnecting](const Result<void> &kept) {
            m_isWriting = false;
            if (!kept) {
                refresh();
                return m_form->showError(kept.error());
            }
            m_isNew = false;
            Q_EMIT bookChanged();
            reload(QString::fromStdString(connection.name));
            if (isConnecting) Q_EMIT connectRequested(connection);
        });
}

void ConnectionsDialog::removeChosen()
{
    const Connection *connection = chosen();
    if (!connection) return;
    m_isWriting = true;
    refresh();
    QtConcurrent::run([book = m_book, name = connection->name]() mutable { return book.remove(name); })
        .then(this, [this](const Result<Connection> &removed) {
            m_isWriting = false;
            if (!removed) {
                refresh();
                return m_form->showError(removed.error());
            }
            m_removed = *removed;
            std::erase_if(m_connections, [&](const Connection &one) { return one.name == removed->name; });
            takeList(m_connections, {});
            m_pages->setCurrentIndex(1);
            m_isNew = true; // the form holds what may become of it
            m_form->setConnection({});
            m_form->showUndo(tr("Removed “%1”. Its token works on the host until it is revoked there.").arg(QString::fromStdString(removed->name)));
            Q_EMIT bookChanged();
            refresh();
        });
}

void ConnectionsDialog::undoRemoval()
{
    if (!m_removed) return;
    const Connection connection = *std::exchange(m_removed, std::nullopt);
    QtConcurrent::run([book = m_book, connection]() mutable { return book.put(connection); })
        .then(this, [this, connection](const Result<void> &kept) {
            if (!kept) return m_form->showError(kept.error());
            m_isNew = false;
            Q_EMIT bookChanged();
            reload(QString::fromStdString(connection.name));
        });
}

void ConnectionsDialog::refresh()
{
    const Connection *connection = chosen();
    const bool isLocal = !connection && !m_isNew;
    m_remove->setEnabled(connection && !m_isWriting);
    m_save->setVisible(!isLocal);
    m_save->setEnabled(!isLocal && !m_isWriting && (m_isNew || m_form->isChanged()));
    m_connect->setText(!isLocal && (m_isNew || m_form->isChanged()) ? tr("Save and connect") : tr("Connect"));
    m_connect->setEnabled(!m_isWriting);
    // The one that the window works with already is nothing to be invited to.
    const QString name = connection ? QString::fromStdString(connection->name) : QString();
    const bool isCurrent = !m_isNew && name == m_current && !(connection && m_form->isChanged());
    if (isCurrent) m_connect->setText(tr("Connect again"));
    m_connect->setToolTip(isCurrent ? tr("The window works with this one.") : QString());
    if (m_connect->property("primary").toBool() == !isCurrent) return;
    m_connect->setProperty("primary", !isCurrent);
    m_connect->style()->unpolish(m_connect);
    m_connect->style()->polish(m_connect);
}

} // namespace orrery::ui
