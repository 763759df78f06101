// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/connection_form.h"

#include "core/base/platform.h"
#include "widgets/common/banner.h"
#include "widgets/common/counted.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QAbstractButton>
#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QFormLayout>
#include <QGroupBox>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QPushButton>
#include <QStackedWidget>
#include <QVBoxLayout>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

QLineEdit *makeEdit(const char *name, const QString &label, const QString &placeholder, int maxLength, QWidget *parent)
{
    auto *edit = new QLineEdit(parent);
    edit->setObjectName(QLatin1String(name));
    edit->setAccessibleName(label);
    edit->setPlaceholderText(placeholder);
    edit->setMaxLength(maxLength);
    return edit;
}

/// Two rows of sixteen pairs: that is how two people compare it.
QString inRows(const QString &fingerprint)
{
    QStringList pairs = fingerprint.mid(7).split(u':');
    if (pairs.size() != 32) return fingerprint;
    return u"SHA256  "_s + pairs.mid(0, 16).join(u' ') + u"\n        "_s + pairs.mid(16).join(u' ');
}

/// The fields of all forms begin at one line.
void alignLabels(const QWidget &parent)
{
    QList<QWidget *> labels;
    for (const QFormLayout *form : parent.findChildren<QFormLayout *>())
        for (int row = 0; row < form->rowCount(); ++row)
            if (QLayoutItem *item = form->itemAt(row, QFormLayout::LabelRole); item && item->widget()) labels << item->widget();
    int width = 0;
    for (const QWidget *label : labels) width = std::max(width, label->sizeHint().width());
    for (QWidget *label : labels) label->setMinimumWidth(width);
}

QString proposedSocket(const QString &name)
{
    QString word = name.toLower();
    for (QChar &c : word)
        if (!c.isLetterOrNumber() || c.unicode() > 127) c = u'-';
    const Result<std::filesystem::path> folder = runtimeDir(); // of this user alone
    return QString::fromStdString(folder ? folder->string() : "/tmp") + u"/at-"_s + (word.isEmpty() ? u"host"_s : word.left(24)) + u".sock"_s;
}

} // namespace

ConnectionForm::ConnectionForm(QWidget *parent)
    : QWidget(parent), m_banner(new Banner(this)),
      m_name(makeEdit("connectionName", tr("Name"), tr("lab"), static_cast<int>(kMaxConnectionName), this)),
      m_address(makeEdit("connectionAddress", tr("Address"), u"tcp://gpu-server:7431"_s, 300, this)),
      m_token(makeEdit("connectionToken", tr("Token"), tr("as the host showed it"), 300, this)),
      m_fingerprint(makeEdit("connectionFingerprint", tr("Fingerprint of the certificate"), tr("found by the test, compared by you"), 200, this)),
      m_socket(makeEdit("connectionSocket", tr("Socket"), {}, 107, this)), m_ssh(makeEdit("connectionSsh", tr("Machine"), tr("user@machine"), 255, this)),
      m_kind(new SegmentedChoice(this)), m_pages(new QStackedWidget(this)),
      m_sshCommand(new ToneLabel(QString(), Tone::Secondary, TypeSize::Mono, this)),
      m_result(new ToneLabel(QString(), Tone::Secondary, TypeSize::Base, this)), m_test(new QPushButton(tr("Test connection"), this))
{
    setObjectName(u"connectionForm"_s);
    m_banner->setObjectName(u"connectionFormBanner"_s);
    m_banner->clear();
    m_kind->setAccessibleName(tr("How one gets there"));
    m_kind->addChoice(u"tls"_s, tr("TLS and token"), tr("The host listens: orrery-engine host --listen"));
    m_kind->addChoice(u"ssh"_s, tr("Socket over SSH"), tr("ssh brings the host's own socket here; nothing has to listen"));
    m_result->setObjectName(u"connectionResult"_s);
    m_result->setWordWrap(true);
    m_result->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    m_test->setObjectName(u"connectionTest"_s);
    m_test->setAutoDefault(false);

    auto *top = new QWidget(this);
    auto *head = new QFormLayout(top);
    head->setContentsMargins(0, 0, 0, 0);
    head->addRow(tr("&Name"), m_name);
    head->addRow(tr("Way"), m_kind);
    m_pages->addWidget(makeTlsPage());
    m_pages->addWidget(makeSocketPage());
    m_pages->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Maximum);
    alignLabels(*this);
    auto *foot = new QHBoxLayout;
    foot->addWidget(m_test, 0, Qt::AlignTop);
    foot->addWidget(m_result, 1);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kOne);
    layout->addWidget(m_banner);
    layout->addWidget(top);
    layout->addWidget(m_pages);
    layout->addWidget(makeComparison());
    layout->addLayout(foot);
    layout->addStretch(1);

    for (QLineEdit *edit : {m_name, m_address, m_token, m_fingerprint, m_socket, m_ssh})
        connect(edit, &QLineEdit::textEdited, this, &ConnectionForm::refresh);
    connect(m_kind, &SegmentedChoice::chosen, this, [this](const QString &kind) {
        if (kind == u"ssh"_s && m_socket->text().isEmpty()) m_socket->setText(proposedSocket(m_name->text()));
        refresh();
    });
    connect(m_test, &QPushButton::clicked, this, &ConnectionForm::test);
    connect(m_banner, &Banner::retryRequested, this, [this] {
        if (m_isUndoOffered)
            Q_EMIT undoRequested();
        else
            test();
    });
    connectProbe();
    setConnection({});
}

QWidget *ConnectionForm::makeTlsPage()
{
    auto *page = new QWidget(this);
    auto *layout = new QFormLayout(page);
    layout->setContentsMargins(0, 0, 0, 0);
    m_token->setEchoMode(QLineEdit::Password);
    QAction *show = m_token->addAction(Theme::instance().icon(u"eye"_s), QLineEdit::TrailingPosition);
    show->setText(tr("Show the token"));
    show->setToolTip(show->text());
    show->setCheckable(true);
    if (auto *button = m_token->findChild<QAbstractButton *>()) button->setAccessibleName(show->text());
    connect(show, &QAction::toggled, this, [this](bool isShown) { m_token->setEchoMode(isShown ? QLineEdit::Normal : QLineEdit::Password); });
    m_fingerprint->setFont(Theme::instance().monoFont());
    layout->addRow(tr("&Address"), m_address);
    layout->addRow(tr("&Token"), m_token);
    layout->addRow(tr("&Fingerprint"), m_fingerprint);
    auto *help = new ToneLabel(tr("On the other machine: orrery-engine host token create NAME, then orrery-engine host --listen 0.0.0.0:7431. It "
                                  "shows the token once and prints the fingerprint."),
                               Tone::Secondary, TypeSize::Small, page);
    help->setWordWrap(true);
    help->setTextInteractionFlags(Qt::TextSelectableByMouse);
    layout->addRow(QString(), help);
    return page;
}

QWidget *ConnectionForm::makeSocketPage()
{
    auto *page = new QWidget(this);
    auto *layout = new QFormLayout(page);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addRow(tr("&Machine"), m_ssh);
    layout->addRow(tr("&Socket here"), m_socket);
    m_sshCommand->setObjectName(u"connectionSshCommand"_s);
    m_sshCommand->setWordWrap(true);
    m_sshCommand->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    auto *copy = new QPushButton(tr("Copy command"), page);
    copy->setObjectName(u"connectionCopySsh"_s);
    copy->setAutoDefault(false);
    connect(copy, &QPushButton::clicked, this, [this] {
        QApplication::clipboard()->setText(m_sshCommand->text());
        m_result->setText(tr("Copied: run it in a terminal and leave it open."));
    });
    layout->addRow(tr("In a terminal"), m_sshCommand);
    layout->addRow(QString(), copy);
    return page;
}

QWidget *ConnectionForm::makeComparison()
{
    m_comparison = new QGroupBox(tr("Is this the right machine?"), this);
    m_comparison->setObjectName(u"fingerprintComparison"_s);
    m_comparisonText = new ToneLabel(QString(), Tone::Text, TypeSize::Base, m_comparison);
    m_comparisonText->setWordWrap(true);
    m_comparedFingerprint = new ToneLabel(QString(), Tone::Accent, TypeSize::Mono, m_comparison);
    m_comparedFingerprint->setObjectName(u"shownFingerprint"_s);
    m_comparedFingerprint->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    m_same = new QPushButton(tr("They are the same: trust it"), m_comparison);
    m_same->setObjectName(u"fingerprintSame"_s);
    m_differ = new QPushButton(tr("They differ"), m_comparison);
    m_differ->setObjectName(u"fingerprintDiffers"_s);
    for (QPushButton *button : {m_same, m_differ}) button->setAutoDefault(false);
    auto *buttons = new QHBoxLayout;
    buttons->addWidget(m_same);
    buttons->addWidget(m_differ);
    buttons->addStretch(1);
    auto *layout = new QVBoxLayout(m_comparison);
    layout->addWidget(m_comparisonText);
    layout->addWidget(m_comparedFingerprint);
    layout->addLayout(buttons);
    m_comparison->hide();
    connect(m_same, &QPushButton::clicked, this, [this] {
        m_fingerprint->setText(m_shownFingerprint);
        m_comparison->hide();
        refresh();
        test();
    });
    connect(m_differ, &QPushButton::clicked, this, [this] {
        m_comparison->hide();
        m_result->setTone(Tone::Error);
        m_result->setText(tr("Not trusted. Another machine answers at this address, or somebody stands in between; the token was not sent."));
    });
    return m_comparison;
}

void ConnectionForm::connectProbe()
{
    connect(&m_probe, &ConnectionProbe::fingerprintUnknown, this, [this](const QString &shown) {
        askForFingerprint(shown, tr("Compare this fingerprint with the one that the host printed when it started (or: orrery-engine host "
                                    "certificate). Nothing has been sent yet."));
    });
    connect(&m_probe, &ConnectionProbe::fingerprintChanged, this, [this](const QString &shown, const QString &expected) {
        askForFingerprint(shown, tr("The certificate has changed since it was trusted; before it was\n%1\nIf the host was set up anew, compare "
                                    "the new fingerprint with what it prints now. Nothing has been sent.")
                                     .arg(expected));
    });
    connect(&m_probe, &ConnectionProbe::failed, this, [this](const Error &error) {
        m_result->setText({});
        refresh();
        showError(error);
    });
    connect(&m_probe, &ConnectionProbe::answered, this, [this](const ProbeResult &result) {
        const QString gpus = result.numCudaDevices > 0 ? u", "_s + counted(result.numCudaDevices, tr("1 GPU"), tr("%1 GPUs")) : QString();
        m_result->setTone(result.note.isEmpty() ? Tone::Good : Tone::Warning);
        QString text = tr("%1 answers: %2, %3, %4%5. A round trip takes %6 ms.")
                           .arg(result.machine.isEmpty() ? tr("The host") : result.machine, result.version, result.cpuModel,
                                counted(result.numCores, tr("1 core"), tr("%1 cores")), gpus, fixedText(result.roundTripMs, 1));
        if (!result.note.isEmpty()) text += u'\n' + result.note;
        m_result->setText(text);
        refresh();
    });
}

void ConnectionForm::askForFingerprint(const QString &shown, const QString &message)
{
    m_shownFingerprint = shown;
    m_comparisonText->setText(message);
    m_comparedFingerprint->setText(inRows(shown));
    m_comparedFingerprint->setAccessibleName(shown);
    m_result->setText({});
    m_comparison->show();
    refresh();
    m_differ->setFocus(); // Enter must not trust
}

void ConnectionForm::setConnection(const Connection &connection)
{
    m_isSetting = true;
    m_probe.cancel();
    m_given = connection;
    const auto text = [](const std::string &value) { return QString::fromStdString(value); };
    m_name->setText(text(connection.name));
    m_address->setText(text(connection.address));
    m_token->setText(text(connection.token));
    m_fingerprint->setText(text(connection.fingerprint));
    m_fingerprint->setCursorPosition(0);
    m_socket->setText(text(connection.socketPath));
    m_ssh->setText(text(connection.sshTarget));
    m_kind->setCurrent(connection.isSocket() ? u"ssh"_s : u"tls"_s);
    m_comparison->hide();
    m_result->setText({});
    clearMessages();
    m_isSetting = false;
    refresh();
}

Connection ConnectionForm::connection() const
{
    const auto text = [](const QLineEdit *edit) { return edit->text().trimmed().toStdString(); };
    Connection connection;
    connection.name = text(m_name);
    if (m_kind->current() == u"ssh"_s) {
        connection.socketPath = text(m_socket);
        connection.sshTarget = text(m_ssh);
        return connection;
    }
    connection.address = text(m_address);
    connection.token = text(m_token);
    connection.fingerprint = text(m_fingerprint);
    return connection;
}

bool ConnectionForm::isChanged() const
{
    const Connection now = connection();
    return now.name != m_given.name || now.address != m_given.address || now.token != m_given.token ||
           now.fingerprint != m_given.fingerprint || now.socketPath != m_given.socketPath || now.sshTarget != m_given.sshTarget;
}

void ConnectionForm::showError(const Error &error)
{
    m_isUndoOffered = false;
    m_banner->showError(error);
}

void ConnectionForm::showUndo(const QString &message)
{
    m_isUndoOffered = true;
    m_banner->showMessage(BannerKind::Info, message, {}, tr("Undo"));
}

void ConnectionForm::clearMessages()
{
    m_isUndoOffered = false;
    m_banner->clear();
}

void ConnectionForm::focusName() { m_name->setFocus(); }

void ConnectionForm::test()
{
    clearMessages();
    m_comparison->hide();
    Connection tried = connection();
    // Without a name and a fingerprint it can be tried all the same.
    if (tried.name.empty()) tried.name = tried.isSocket() ? "host" : tried.address;
    if (!tried.isSocket()) {
        const auto address = parseTcpAddress(tried.address);
        const auto token = address ? checkTokenText(tried.token, tried.name) : Result<void>(address.error());
        if (!token) return showError(token.error());
    }
    m_result->setTone(Tone::Secondary);
    m_result->setText(tr("Connecting…"));
    m_probe.start(tried);
    refresh();
}

void ConnectionForm::refresh()
{
    const bool isSocket = m_kind->current() == u"ssh"_s;
    m_pages->setCurrentIndex(isSocket ? 1 : 0);
    m_test->setEnabled(!m_probe.isRunning());
    if (isSocket) m_sshCommand->setText(QString::fromStdString(sshForwardCommand(connection())));
    if (!m_isSetting) Q_EMIT edited();
}

} // namespace orrery::ui
