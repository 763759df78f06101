// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/welcome_card.h"

#include "widgets/common/banner.h"
#include "widgets/common/column_scroll.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QResizeEvent>
#include <QVBoxLayout>

#include <algorithm>

namespace orrery::ui {
namespace {

constexpr int kLeastText = 176, kLeastHeight = 240;
constexpr int kAround = 12; ///< the bar of what is scrolled
constexpr int kMostAsked = 680;
constexpr int kMostOfDoor = 420, kMostAlone = 640;
constexpr int kColumnStretch = 20; ///< the doors are of one width where there is room

} // namespace

WelcomeCard::WelcomeCard(QWidget *parent) : QWidget(parent)
{
    setObjectName(QStringLiteral("welcomeCard"));
    setAccessibleName(tr("Welcome"));

    m_title = new QLabel(this);
    m_title->setObjectName(QStringLiteral("welcomeTitle"));
    m_title->setTextFormat(Qt::PlainText);
    QFont font = Theme::instance().headingFont();
    font.setPointSizeF(font.pointSizeF() * 1.7);
    m_title->setFont(font);
    m_intro = new ToneLabel(QString(), Tone::Secondary, TypeSize::Base, this);
    for (QLabel *label : {m_title, m_intro}) {
        label->setAlignment(Qt::AlignHCenter);
        label->setWordWrap(true);
        label->setMinimumWidth(kLeastText);
    }

    m_example = new QPushButton(tr("Train the example"), this);
    m_example->setObjectName(QStringLiteral("trainExampleButton"));
    makePrimary(m_example);
    m_pictures = new QPushButton(tr("With pictures and a memory"), this);
    m_pictures->setObjectName(QStringLiteral("trainPicturesButton"));
    m_pictures->setToolTip(tr("It learns to say what small pictures of coloured shapes show; what has left the view of its attention "
                              "comes through a memory. Two minutes on two cores; Inspect shows both while they form."));
    m_open = new QPushButton(tr("Open a run or model…"), this);
    m_open->setObjectName(QStringLiteral("openRunButton"));
    m_newRun = new QPushButton(tr("New run from your own text…"), this);
    m_newRun->setFlat(true);
    bindIcon(m_newRun, QStringLiteral("plus"));
    m_newRun->setObjectName(QStringLiteral("welcomeNewRunButton"));
    m_connect = new QPushButton(this);
    m_connect->setObjectName(QStringLiteral("welcomeConnectButton"));
    connect(m_connect, &QPushButton::clicked, this, &WelcomeCard::connectRequested);
    connect(m_example, &QPushButton::clicked, this, &WelcomeCard::trainExampleRequested);
    connect(m_pictures, &QPushButton::clicked, this, &WelcomeCard::trainPicturesRequested);
    connect(m_open, &QPushButton::clicked, this, &WelcomeCard::openRequested);
    connect(m_newRun, &QPushButton::clicked, this, &WelcomeCard::newRunRequested);

    m_banner = new Banner(this);
    m_banner->clear();

    m_doors = new QBoxLayout(QBoxLayout::LeftToRight);
    m_doors->setSpacing(space::kTwo);
    m_doors->addWidget(makeDoor(tr("See it work"),
                              tr("A small model learns to write C\u2060+\u2060+ from the code on this computer. Nothing is downloaded; "
                                 "the first words come after about a minute."),
                              {m_example, m_pictures}), 1);
    m_doors->addWidget(makeDoor(tr("Go on with what you have"),
                              tr("A run directory with its curves and checkpoints, or a model directory with config.json and "
                                 "model.safetensors."),
                              {m_open}), 1);
    m_doors->addWidget(makeDoor(tr("Another computer"),
                              tr("Trainings, models and data stay on the machine with the GPU; this window shows them and steers them, "
                                 "over TLS or SSH."),
                              {m_connect}), 1);

    auto *column = new QVBoxLayout;
    column->setSpacing(space::kTwo);
    column->addWidget(m_title);
    column->addWidget(m_intro);
    column->addSpacing(space::kOne);
    column->addLayout(m_doors);
    column->addWidget(m_newRun, 0, Qt::AlignHCenter);
    column->addWidget(m_banner);

    auto *content = new QWidget(this);
    auto *row = new QHBoxLayout;
    row->addStretch(1);
    row->addLayout(column, kColumnStretch);
    row->addStretch(1);
    auto *page = new QVBoxLayout(content);
    page->setContentsMargins(0, space::kOne, 0, space::kOne);
    page->addStretch(2);
    page->addLayout(row);
    page->addStretch(3);
    auto *scroll = new ColumnScroll(this); // doors below each other may be higher than a window
    scroll->setColumn(content);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(scroll);
    setLost(false, {});
    setDirection(QBoxLayout::TopToBottom); // until there is room: the window may be as narrow as that
}

int WelcomeCard::widthOfDoors() const
{
    int width = kAround + (m_doors->count() - 1) * m_doors->spacing();
    for (int i = 0; i < m_doors->count(); ++i)
        if (QWidget *door = m_doors->itemAt(i)->widget(); !door->isHidden()) width += door->minimumSizeHint().width();
    return width;
}

/// Words of another language are longer: then the doors stand below each other.
void WelcomeCard::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    setDirection(event->size().width() >= widthOfDoors() ? QBoxLayout::LeftToRight : QBoxLayout::TopToBottom);
}

void WelcomeCard::setDirection(QBoxLayout::Direction direction)
{
    m_doors->setDirection(direction);
}

/// That of the doors beside each other, as far as docks leave it beside them.
QSize WelcomeCard::minimumSizeHint() const { return {std::min(widthOfDoors(), kMostAsked), kLeastHeight}; }

QWidget *WelcomeCard::makeDoor(const QString &title, const QString &text, std::initializer_list<QPushButton *> buttons)
{
    auto *card = new PanelFrame(title, this);
    auto *content = new QWidget(card);
    auto *label = new ToneLabel(text, Tone::Secondary, TypeSize::Base, content);
    label->setWordWrap(true);
    label->setMinimumWidth(kLeastText); // three doors stand beside the docks in a window of 1280
    auto *layout = new QVBoxLayout(content);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kTwo);
    layout->addWidget(label);
    layout->addStretch(1);
    auto *choices = new QVBoxLayout;
    choices->setSpacing(space::kOne);
    for (QPushButton *button : buttons) choices->addWidget(button, 0, Qt::AlignLeft);
    layout->addLayout(choices);
    card->setContent(content);
    card->setMaximumWidth(kMostOfDoor);
    return card;
}

void WelcomeCard::setLost(bool isLost, const QString &host)
{
    m_title->setText(!isLost          ? tr("Train a language model and watch it learn")
                     : host.isEmpty() ? tr("The engine of this computer does not answer")
                                      : tr("Nothing is to be seen of “%1”").arg(host));
    m_intro->setText(isLost ? tr("Above it says why. Its runs stand here as soon as it answers; trainings go on without this window.")
                            : tr("Choose where to begin. Nothing leaves your machines."));
    m_connect->setText(isLost ? tr("Hosts…") : tr("Connect…"));
    const int numDoors = m_doors->count();
    for (int i = 0; i < numDoors; ++i) m_doors->itemAt(i)->widget()->setVisible(!isLost || i == numDoors - 1);
    m_doors->itemAt(numDoors - 1)->widget()->setMaximumWidth(isLost ? kMostAlone : kMostOfDoor);
    m_newRun->setVisible(!isLost);
}

void WelcomeCard::setStarting(bool isStarting)
{
    m_example->setEnabled(!isStarting);
    m_pictures->setEnabled(!isStarting);
    m_example->setText(isStarting ? tr("Preparing the example…") : tr("Train the example"));
    if (isStarting) m_banner->clear();
}

void WelcomeCard::showError(const Error &error)
{
    setStarting(false);
    m_banner->showError(error);
}

void WelcomeCard::paintEvent(QPaintEvent *) { QPainter(this).fillRect(rect(), Theme::instance().tokens().window); }

} // namespace orrery::ui
