// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/doctor_dialog.h"

#include "widgets/common/banner.h"
#include "widgets/common/counted.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/progress_row.h"
#include "widgets/common/tone_label.h"
#include "widgets/session/engine_session.h"
#include "widgets/theme/theme.h"

#include <QClipboard>
#include <QGridLayout>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QPushButton>
#include <QScrollArea>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

QString wordOf(DoctorCheck::State state)
{
    return state == DoctorCheck::State::Good   ? DoctorDialog::tr("Good")
           : state == DoctorCheck::State::Note ? DoctorDialog::tr("Note")
                                               : DoctorDialog::tr("Missing");
}

Tone toneOf(DoctorCheck::State state)
{
    return state == DoctorCheck::State::Good ? Tone::Good : state == DoctorCheck::State::Note ? Tone::Warning : Tone::Error;
}

ToneLabel *wrapped(const QString &text, Tone tone, TypeSize size, QWidget *parent)
{
    auto *label = new ToneLabel(text, tone, size, parent);
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    label->setMinimumWidth(120);
    return label;
}

} // namespace

DoctorDialog::DoctorDialog(EngineSession &session, std::filesystem::path program, QString host, QWidget *parent)
    : QDialog(parent), m_session(session), m_host(std::move(host)), m_checks(new DoctorChecks(std::move(program), this)),
      m_verdict(new ToneLabel(QString(), Tone::Text, TypeSize::Heading, this)), m_banner(new Banner(this)),
      m_progress(new ProgressRow(this)), m_list(new QWidget(this)), m_rows(new QVBoxLayout(m_list)),
      m_again(new QPushButton(tr("Check again"), this)), m_copy(new QPushButton(tr("Copy as text"), this))
{
    setObjectName(u"doctorDialog"_s);
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(tr("Check this computer"));
    m_verdict->setObjectName(u"doctorVerdict"_s);
    m_verdict->setWordWrap(true);
    m_list->setObjectName(u"doctorList"_s);
    m_rows->setContentsMargins(0, 0, space::kOne, 0);
    m_rows->setSpacing(space::kOne);
    m_rows->addStretch(1);
    auto *scroll = new QScrollArea(this);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setAccessibleName(tr("What was checked"));
    scroll->setWidget(m_list);
    m_list->setAutoFillBackground(false);
    scroll->viewport()->setAutoFillBackground(false);
    m_again->setObjectName(u"doctorAgain"_s);
    m_copy->setObjectName(u"doctorCopy"_s);
    auto *close = new QPushButton(tr("Close"), this);
    auto *buttons = new QHBoxLayout;
    buttons->addWidget(m_copy);
    buttons->addStretch(1);
    buttons->addWidget(m_again);
    buttons->addWidget(close);
    auto *layout = new QVBoxLayout(this);
    layout->setSpacing(space::kOne);
    layout->addWidget(m_verdict);
    layout->addWidget(m_banner);
    layout->addWidget(m_progress);
    layout->addWidget(scroll, 1);
    if (!m_host.isEmpty()) addHost();
    layout->addWidget(makeSeparator(this));
    layout->addLayout(buttons);
    resize(640, 560);
    for (QPushButton *button : findChildren<QPushButton *>()) button->setAutoDefault(false);

    connect(close, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_again, &QPushButton::clicked, this, &DoctorDialog::start);
    connect(m_copy, &QPushButton::clicked, this, [this] { QGuiApplication::clipboard()->setText(text()); });
    connect(m_checks, &DoctorChecks::found, this, [this](const DoctorCheck &check, int number, int of) {
        add(check);
        m_progress->setProgress(tr("Checking this computer: %1 of %2").arg(number).arg(of), of > 0 ? double(number) / of : -1, [this] {
            m_checks->cancel();
            m_isCancelled = true;
            showVerdict();
        });
    });
    connect(m_checks, &DoctorChecks::finished, this, &DoctorDialog::showVerdict);
    connect(m_checks, &DoctorChecks::failed, this, [this](const Error &error) {
        m_hasFailed = true;
        m_banner->showError(error);
        showVerdict();
    });
    start();
}

void DoctorDialog::start()
{
    m_found.clear();
    m_isCancelled = m_hasFailed = false;
    m_banner->clear();
    while (m_rows->count() > 1) { // the stretch stays
        QLayoutItem *item = m_rows->takeAt(0);
        if (item->widget()) item->widget()->deleteLater();
        delete item;
    }
    m_checks->start();
    if (m_checks->isRunning())
        m_progress->setProgress(tr("Checking this computer …"), -1, [this] {
            m_checks->cancel();
            m_isCancelled = true;
            showVerdict();
        });
    showVerdict();
}

/// As the window calls it; what a newer program checks has the name that it gives.
QString DoctorDialog::titleOf(const QString &check)
{
    static const std::pair<const char *, const char *> kTitles[] = {
        {"program", QT_TR_NOOP("Program")},        {"processor", QT_TR_NOOP("Processor")}, {"memory", QT_TR_NOOP("Memory")},
        {"runs folder", QT_TR_NOOP("Runs folder")}, {"sockets", QT_TR_NOOP("Sockets")},     {"worker", QT_TR_NOOP("Worker and LibTorch")},
        {"cuda", QT_TR_NOOP("CUDA")},               {"host", QT_TR_NOOP("Host")},           {"display", QT_TR_NOOP("Display")}};
    for (const auto &[name, title] : kTitles)
        if (check == QLatin1String(name)) return tr(title);
    return check;
}

void DoctorDialog::add(const DoctorCheck &check)
{
    m_found.push_back(check);
    auto *row = new QWidget(m_list);
    row->setObjectName(u"doctorRow"_s);
    auto *grid = new QGridLayout(row);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(space::kOne);
    grid->setVerticalSpacing(2);
    auto *state = new ToneLabel(wordOf(check.state), toneOf(check.state), TypeSize::Base, row);
    state->setFixedWidth(state->fontMetrics().horizontalAdvance(tr("Missing")) + space::kOne);
    auto *title = new ToneLabel(titleOf(check.name), Tone::Text, TypeSize::Base, row);
    title->setFixedWidth(title->fontMetrics().horizontalAdvance(tr("Worker and LibTorch")) + space::kOne);
    grid->addWidget(state, 0, 0, Qt::AlignTop);
    grid->addWidget(title, 0, 1, Qt::AlignTop);
    grid->addWidget(wrapped(check.text, Tone::Text, TypeSize::Base, row), 0, 2);
    if (!check.hint.isEmpty()) grid->addWidget(wrapped(check.hint, Tone::Secondary, TypeSize::Base, row), 1, 2);
    grid->setColumnStretch(2, 1);
    row->setAccessibleName(tr("%1: %2. %3").arg(titleOf(check.name), wordOf(check.state), check.text));
    row->setAccessibleDescription(check.hint);
    m_rows->insertWidget(m_rows->count() - 1, row);
}

void DoctorDialog::addHost()
{
    auto *box = static_cast<QVBoxLayout *>(layout());
    box->addWidget(makeSeparator(this));
    box->addWidget(new ToneLabel(tr("The host “%1”").arg(m_host), Tone::Text, TypeSize::Heading, this));
    m_hostText = wrapped(hostText(), Tone::Secondary, TypeSize::Base, this);
    m_hostText->setObjectName(u"doctorHost"_s);
    box->addWidget(m_hostText);
    connect(&m_session, &EngineSession::connectionChanged, this, [this] { m_hostText->setText(hostText()); });
}

/// What its engine tells of itself when it is connected: the checks themselves are made on a computer, not over the network.
QString DoctorDialog::hostText() const
{
    const EngineInfo engine = m_session.engine();
    QStringList lines;
    if (m_session.connectionState() == ConnectionState::Connected) {
        lines << tr("Engine %1, connected").arg(engine.version);
        if (!engine.cpuModel.isEmpty()) lines << tr("%1, %2 threads, %3").arg(engine.cpuModel).arg(engine.numCores).arg(bytesText(engine.memoryBytes));
        lines << (engine.numCudaDevices > 0 ? counted(engine.numCudaDevices, tr("1 CUDA device"), tr("%1 CUDA devices"))
                                            : engine.cudaNote.isEmpty() ? tr("No CUDA device") : engine.cudaNote);
        if (!engine.home.isEmpty()) lines << tr("Runs in %1").arg(engine.home);
        if (!engine.note.isEmpty()) lines << engine.note;
    } else {
        lines << tr("Not connected. %1").arg(m_session.lastError()).simplified();
    }
    lines << tr("A host does not make these checks for others. Run on it: orrery-engine doctor");
    return lines.join(u'\n');
}

QString DoctorDialog::verdict() const { return m_verdict->text(); }

void DoctorDialog::showVerdict()
{
    const bool isRunning = m_checks->isRunning();
    if (!isRunning) m_progress->clear();
    m_again->setEnabled(!isRunning);
    m_copy->setEnabled(!m_found.empty());
    const auto count = [this](DoctorCheck::State state) {
        return std::count_if(m_found.begin(), m_found.end(), [state](const DoctorCheck &check) { return check.state == state; });
    };
    const qint64 numBad = count(DoctorCheck::State::Bad), numNotes = count(DoctorCheck::State::Note);
    if (isRunning)
        m_verdict->setText(tr("Looking at what a training needs …"));
    else if (m_isCancelled)
        m_verdict->setText(tr("Cancelled: not everything was checked."));
    else if (m_hasFailed)
        m_verdict->setText(tr("Not everything could be checked."));
    else if (numBad > 0)
        m_verdict->setText(counted(numBad, tr("One thing is missing; what to do stands under it."), tr("%1 things are missing; what to do stands under them.")));
    else if (numNotes > 0)
        m_verdict->setText(counted(numNotes, tr("Everything that a training needs is there, with one note."), tr("Everything that a training needs is there, with %1 notes.")));
    else
        m_verdict->setText(tr("Everything that a training needs is there."));
}

QString DoctorDialog::text() const
{
    QStringList lines;
    for (const DoctorCheck &check : m_found) {
        lines << u"%1: %2: %3"_s.arg(wordOf(check.state), titleOf(check.name), check.text);
        if (!check.hint.isEmpty()) lines << u"    "_s + check.hint;
    }
    if (m_hostText) lines << QString() << tr("The host “%1”").arg(m_host) << hostText();
    return lines.join(u'\n') + u'\n';
}

} // namespace orrery::ui
