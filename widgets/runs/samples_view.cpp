// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/samples_view.h"

#include "core/spec/kept_prompt.h"
#include "widgets/common/elided_combo_box.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/level_painter.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/sample_media.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QMenu>
#include <QPainter>
#include <QPushButton>
#include <QRegularExpression>
#include <QScrollBar>
#include <QStackedWidget>
#include <QTextBlock>
#include <QTextEdit>
#include <QToolButton>
#include <QUrl>

#include <algorithm>
#include <vector>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kShownSide = 64, kWaveWidth = 120;
constexpr double kWaveStep = 3; // a line and a gap
constexpr qsizetype kMaxAnswerIds = 8192; // an event may come from another computer

QImage outline(const QList<double> &levels, double ratio)
{
    const QSizeF size(kWaveWidth, kShownSide);
    QImage image((size * ratio).toSize(), QImage::Format_ARGB32_Premultiplied);
    image.setDevicePixelRatio(ratio);
    image.fill(Qt::transparent);
    QPainter painter(&image);
    std::vector<float> heights;
    for (const double level : levels) heights.push_back(static_cast<float>(level));
    paintLevels(painter, QRectF(0, size.height() / 8, size.width(), 0.75 * size.height()), heights,
                kWaveStep);
    return image;
}

} // namespace

SamplesView::SamplesView(QWidget *parent)
    : QWidget(parent), m_steps(new ElidedComboBox(this)),
      m_earlier(makeIconButton(u"chevron-left"_s, tr("Earlier sample"), this)),
      m_later(makeIconButton(u"chevron-right"_s, tr("Later sample"), this)),
      m_look(new QPushButton(tr("Look inside"), this)), m_lookMenu(new QMenu(m_look)), m_text(new QTextEdit(this)),
      m_stack(new QStackedWidget(this))
{
    m_steps->setAccessibleName(tr("Step of the sample"));
    m_steps->setObjectName(u"sampleStep"_s);
    m_steps->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    // Less than its words would like: the dock must not grow when a menu joins the row.
    m_steps->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    m_steps->setMinimumWidth(QFontMetrics(typeFont(TypeSize::Base)).horizontalAdvance(u"Step 888"_s) + 52);
    m_steps->setMaximumWidth(180);
    m_text->setReadOnly(true);
    m_text->setFrameShape(QFrame::NoFrame);
    m_text->setAccessibleName(tr("Sample text"));
    m_text->setObjectName(u"sampleText"_s);
    auto *copyButton = makeIconButton(u"copy"_s, tr("Copy this sample"), this);
    auto *bar = new QHBoxLayout;
    bar->setSpacing(space::kHalf / 2);
    bar->addWidget(m_steps, 1);
    bar->addWidget(m_earlier);
    bar->addWidget(m_later);
    bar->addStretch();
    m_look->setObjectName(u"sampleLook"_s);
    // As wide as with the menu that several samples have: the dock keeps its width from run to run.
    m_look->ensurePolished();
    m_look->setMenu(m_lookMenu);
    m_look->setMinimumWidth(m_look->sizeHint().width());
    m_look->setMenu(nullptr);
    bar->addWidget(m_look);
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
    connect(m_look, &QPushButton::clicked, this, [this] {
        const qint64 step = m_steps->currentData().toLongLong();
        const QList<Sample> samples = m_samples.value(step);
        if (samples.size() != 1) return; // several have a menu
        if (const std::optional<GenerateRequest> request = requestOf(samples[0]))
            Q_EMIT lookInside(*request, step);
    });
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

SamplesView::Sample SamplesView::sampleOf(const RunEvent &event)
{
    const QJsonObject payload = QJsonDocument::fromJson(QByteArray::fromStdString(event.payload)).object();
    Sample sample;
    sample.prompt = payload.value("prompt"_L1).toString();
    sample.text = payload.isEmpty() ? fromStd(event.text) : payload.value("text"_L1).toString();
    sample.expected = payload.value("expected"_L1).toString();
    if (!sample.prompt.isEmpty() && sample.text.startsWith(sample.prompt))
        sample.text.remove(0, sample.prompt.size());
    const SampleMedia media = sampleMedia(payload);
    for (const QImage &picture : media.pictures)
        if (!picture.isNull()) sample.pictures.append(picture);
    for (const QList<double> &levels : media.recordings)
        if (!levels.isEmpty()) sample.recordings.append(levels);
    sample.document = payload.value("document"_L1).toInt(-1);
    const QJsonArray ids = payload.value("answer_ids"_L1).toArray();
    for (const QJsonValue &id : ids)
        if (ids.size() <= kMaxAnswerIds && id.toInt(-1) >= 0) sample.answerIds.push_back(id.toInt());
    if (std::ssize(sample.answerIds) != ids.size()) sample.document = -1;
    return sample;
}

/// A document by its number, with its pictures and recordings as the model read them: only thumbnails are here.
std::optional<GenerateRequest> SamplesView::requestOf(const Sample &sample)
{
    GenerateRequest request;
    if (sample.document >= 0) {
        request = keptPrompt(sample.document);
        request.answerIds = sample.answerIds;
    } else if (!sample.hasMedia()) {
        request.prompt = toStd(sample.prompt + sample.text);
    } else {
        return std::nullopt;
    }
    return request;
}

void SamplesView::appendEvents(const std::vector<RunEvent> &events)
{
    const bool isAtNewest = m_steps->currentIndex() == m_steps->count() - 1;
    bool hasChanged = false;
    for (const RunEvent &event : events) {
        if (event.kind != EventKind::Sample) continue;
        if (!m_samples.contains(event.step)) {
            const int at =
                static_cast<int>(std::distance(m_samples.begin(), m_samples.lowerBound(event.step)));
            const QSignalBlocker blocker(m_steps);
            m_steps->insertItem(at, tr("Step %1").arg(integerText(event.step)),
                                static_cast<qlonglong>(event.step));
        }
        m_samples[event.step].append(sampleOf(event));
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
    QTextCursor cursor(m_text->document());
    bool isFirst = true;
    for (const Sample &sample : m_samples.value(m_steps->currentData().toLongLong())) {
        if (!isFirst) cursor.insertText(u"\n\n"_s);
        isFirst = false;
        insert(cursor, sample);
    }
    m_text->verticalScrollBar()->setValue(0);
}

void SamplesView::insertImage(QTextCursor &cursor, const QImage &image, const QString &description)
{
    const QString name = u"sample-%1"_s.arg(cursor.position());
    m_text->document()->addResource(QTextDocument::ImageResource, QUrl(name), image);
    QTextImageFormat format;
    format.setName(name);
    const QSizeF size = image.deviceIndependentSize();
    format.setWidth(size.width());
    format.setHeight(size.height());
    format.setToolTip(description);
    format.setVerticalAlignment(QTextCharFormat::AlignMiddle);
    cursor.insertImage(format);
    cursor.insertText(u" "_s, QTextCharFormat());
}

void SamplesView::insert(QTextCursor &cursor, const Sample &sample)
{
    QTextCharFormat promptFormat, textFormat;
    promptFormat.setForeground(toneColor(Tone::Secondary));
    textFormat.setForeground(toneColor(Tone::Text));
    const double ratio = devicePixelRatioF();
    for (const QImage &picture : sample.pictures) {
        QImage shown = picture.scaled((QSizeF(kShownSide, kShownSide) * ratio).toSize(), Qt::KeepAspectRatio,
                                      Qt::FastTransformation); // its pixels are what the model gets
        shown.setDevicePixelRatio(ratio);
        insertImage(cursor, shown,
                    tr("As the model sees it, %1 × %2 pixels").arg(picture.width()).arg(picture.height()));
    }
    for (const QList<double> &levels : sample.recordings)
        insertImage(cursor, outline(levels, ratio),
                    tr("Loudness of the recording, %1 frames").arg(levels.size()));
    if (sample.hasMedia()) cursor.insertText(u"\n"_s, textFormat);
    cursor.insertText(sample.prompt, promptFormat);
    cursor.insertText(sample.text, textFormat);
    if (!sample.expected.isEmpty())
        cursor.insertText(u'\n' + tr("expected: %1").arg(sample.expected), promptFormat);
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
    updateLook();
}

void SamplesView::setLookReason(const QString &reason)
{
    if (reason == m_lookReason) return;
    m_lookReason = reason;
    updateLook();
}

void SamplesView::updateLook()
{
    const qint64 step = m_steps->currentData().toLongLong();
    const QList<Sample> samples = m_samples.value(step);
    m_lookMenu->clear();
    QString reason = m_lookReason;
    for (const Sample &sample : samples) {
        const std::optional<GenerateRequest> request = requestOf(sample);
        if (!request) {
            if (reason.isEmpty())
                reason = tr("An older program drew this sample and kept no tokens of it. Inspect shows its document: "
                            "ask the model there.");
            continue;
        }
        const QString text = sample.prompt + sample.text;
        m_lookMenu->addAction(QFontMetrics(font()).elidedText(text.simplified(), Qt::ElideRight, 320), this,
                              [this, request, step] { Q_EMIT lookInside(*request, step); });
    }
    const bool canLook = m_lookReason.isEmpty() && !m_lookMenu->isEmpty();
    m_look->setMenu(samples.size() > 1 && canLook ? m_lookMenu : nullptr);
    m_look->setEnabled(canLook);
    m_look->setToolTip(canLook ? tr("Attention, memory and probabilities of this text, in Inspect")
                               : reason);
}

QString SamplesView::shownText() const
{
    static const QRegularExpression pictures(u"(\uFFFC )+\\n"_s); // each stands as one character
    return m_text->toPlainText().remove(pictures);
}

} // namespace orrery::ui
