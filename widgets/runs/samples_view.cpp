// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/samples_view.h"

#include "widgets/common/empty_state.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QJsonDocument>
#include <QJsonObject>
#include <QPlainTextEdit>
#include <QScrollBar>
#include <QStackedWidget>
#include <QTextBlock>
#include <QToolButton>

using namespace Qt::StringLiterals;

namespace orrery::ui {

SamplesView::SamplesView(QWidget *parent)
    : QWidget(parent), m_steps(new QComboBox(this)),
      m_earlier(makeIconButton(u"chevron-left"_s, tr("Earlier sample"), this)),
      m_later(makeIconButton(u"chevron-right"_s, tr("Later sample"), this)), m_text(new QPlainTextEdit(this)),
      m_stack(new QStackedWidget(this))
{
    m_steps->setAccessibleName(tr("Step of the sample"));
    m_steps->setObjectName(u"sampleStep"_s);
    m_steps->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    m_text->setReadOnly(true);
    m_text->setFrameShape(QFrame::NoFrame);
    m_text->setAccessibleName(tr("Sample text"));
    m_text->setObjectName(u"sampleText"_s);
    auto *copyButton = makeIconButton(u"copy"_s, tr("Copy this sample"), this);
    auto *bar = new QHBoxLayout;
    bar->setSpacing(space::kHalf);
    bar->addWidget(m_steps);
    bar->addWidget(m_earlier);
    bar->addWidget(m_later);
    bar->addStretch(1);
    bar->addWidget(copyButton);
    auto *page = new QWidget(this);
    auto *pageLayout = new QVBoxLayout(page);
    pageLayout->setContentsMargins(0, 0, 0, 0);
    pageLayout->setSpacing(space::kHalf);
    pageLayout->addLayout(bar);
    pageLayout->addWidget(m_text, 1);
    m_stack->addWidget(page);
    m_stack->addWidget(new EmptyState(
        tr("No sample yet"),
        tr("At each sampling step the model continues the sample prompts, and the text stands here."), this));
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, space::kHalf, 0, 0);
    layout->addWidget(m_stack);
    connect(m_steps, &QComboBox::currentIndexChanged, this, &SamplesView::showStep);
    connect(m_earlier, &QToolButton::clicked, this, [this] { move(-1); });
    connect(m_later, &QToolButton::clicked, this, [this] { move(1); });
    connect(copyButton, &QToolButton::clicked, this, [this] { copyToClipboard(shownText()); });
    connect(&Theme::instance(), &Theme::changed, this, &SamplesView::showStep);
    updateButtons();
}

void SamplesView::clear()
{
    m_samples.clear();
    m_steps->clear();
    m_text->clear();
    updateButtons();
}

void SamplesView::appendEvents(const std::vector<RunEvent> &events)
{
    const bool isAtNewest = m_steps->currentIndex() == m_steps->count() - 1;
    bool hasChanged = false;
    for (const RunEvent &event : events) {
        if (event.kind != EventKind::Sample) continue;
        const QJsonObject payload =
            QJsonDocument::fromJson(QByteArray::fromStdString(event.payload)).object();
        Sample sample{payload.value("prompt"_L1).toString(), payload.value("text"_L1).toString()};
        if (payload.isEmpty()) sample.text = fromStd(event.text);
        if (!sample.prompt.isEmpty() && sample.text.startsWith(sample.prompt))
            sample.text.remove(0, sample.prompt.size());
        if (!m_samples.contains(event.step)) {
            const int at =
                static_cast<int>(std::distance(m_samples.begin(), m_samples.lowerBound(event.step)));
            const QSignalBlocker blocker(m_steps);
            m_steps->insertItem(at, tr("Step %1").arg(integerText(event.step)),
                                static_cast<qlonglong>(event.step));
        }
        m_samples[event.step].append(sample);
        hasChanged = true;
    }
    if (!hasChanged) return;
    if (isAtNewest) {
        const QSignalBlocker blocker(m_steps);
        m_steps->setCurrentIndex(m_steps->count() - 1);
    }
    showStep();
}

void SamplesView::showStep()
{
    updateButtons();
    m_text->setFont(typeFont(TypeSize::Mono));
    m_text->clear();
    if (m_steps->currentIndex() < 0) return;
    QTextCharFormat promptFormat, textFormat, rule;
    promptFormat.setForeground(toneColor(Tone::Secondary));
    textFormat.setForeground(toneColor(Tone::Text));
    QTextCursor cursor(m_text->document());
    bool isFirst = true;
    for (const Sample &sample : m_samples.value(m_steps->currentData().toLongLong())) {
        if (!isFirst) cursor.insertText(u"\n\n"_s, textFormat);
        isFirst = false;
        cursor.insertText(sample.prompt, promptFormat);
        cursor.insertText(sample.text, textFormat);
    }
    m_text->verticalScrollBar()->setValue(0);
}

void SamplesView::move(int by)
{
    m_steps->setCurrentIndex(std::clamp(m_steps->currentIndex() + by, 0, m_steps->count() - 1));
}

void SamplesView::updateButtons()
{
    m_stack->setCurrentIndex(m_samples.isEmpty() ? 1 : 0);
    m_earlier->setEnabled(m_steps->currentIndex() > 0);
    m_later->setEnabled(m_steps->currentIndex() >= 0 && m_steps->currentIndex() < m_steps->count() - 1);
}

QString SamplesView::shownText() const { return m_text->toPlainText(); }

} // namespace orrery::ui
