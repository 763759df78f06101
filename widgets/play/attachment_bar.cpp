// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/attachment_bar.h"

#include "widgets/common/number_text.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/plain_tool_tip.h"
#include "widgets/common/tone_label.h"
#include "widgets/play/attachment_painter.h"
#include "widgets/play/request_size.h"
#include "widgets/theme/theme.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QScrollArea>
#include <QToolButton>
#include <QtConcurrentRun>

#include <vector>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr size_t kMaxSteps = 20;
constexpr int kThumbnailSide = 32, kNameWidth = 150;

class Thumbnail : public QWidget {
public:
    Thumbnail(AttachmentPtr attachment, QWidget *parent)
        : QWidget(parent), m_attachment(std::move(attachment))
    {
        setFixedSize(kThumbnailSide, kThumbnailSide);
        connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
    }

protected:
    void paintEvent(QPaintEvent *) override
    {
        QPainter painter(this);
        paintAttachment(painter, rect(), *m_attachment);
    }

private:
    AttachmentPtr m_attachment;
};

class Chip : public QWidget {
public:
    Chip(const AttachmentPtr &shown, QWidget *parent) : QWidget(parent), m_remove(nullptr)
    {
        const Attachment &attachment = *shown;
        setObjectName(u"attachment"_s);
        setAccessibleName(attachment.name + u", "_s + attachmentDetail(attachment));
        setToolTip(plainToolTip(attachment.path.isEmpty() ? attachment.name : attachment.path));
        auto *name = new ElidedLabel({}, Tone::Text, TypeSize::Small, this);
        name->setElideMode(Qt::ElideMiddle);
        name->setFullText(attachment.name);
        auto *detail = new ToneLabel(attachmentDetail(attachment), Tone::Secondary, TypeSize::Small, this);
        name->setFixedWidth(std::max(detail->sizeHint().width(), kNameWidth));
        m_remove = makeIconButton(u"close"_s, PanelFrame::tr("Remove %1").arg(attachment.name), this);
        m_remove->setToolTip(plainToolTip(m_remove->toolTip()));
        m_remove->setObjectName(u"removeAttachment"_s);
        auto *texts = new QVBoxLayout;
        texts->setSpacing(0);
        texts->addStretch(1);
        texts->addWidget(name);
        texts->addWidget(detail);
        texts->addStretch(1);
        auto *layout = new QHBoxLayout(this);
        layout->setContentsMargins(5, 4, 4, 4);
        layout->setSpacing(space::kOne);
        layout->addWidget(new Thumbnail(shown, this));
        layout->addLayout(texts);
        layout->addWidget(m_remove);
        connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
    }
    [[nodiscard]] QToolButton *removeButton() const { return m_remove; }

protected:
    void paintEvent(QPaintEvent *) override
    {
        const ThemeTokens &tokens = Theme::instance().tokens();
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(QPen(tokens.border, 1));
        painter.setBrush(tokens.window);
        painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5);
    }

private:
    QToolButton *m_remove;
};

Error inOne(const std::vector<Error> &errors)
{
    Error error = errors.front();
    if (errors.size() == 2) error.message += ' ' + toStd(AttachmentBar::tr("One more file was refused."));
    if (errors.size() > 2)
        error.message += ' ' + toStd(AttachmentBar::tr("%1 more files were refused.").arg(errors.size() - 1));
    return error;
}

} // namespace

AttachmentBar::AttachmentBar(QWidget *parent)
    : QWidget(parent), m_chips(new QHBoxLayout), m_undo(new QToolButton(this))
{
    setObjectName(u"attachmentBar"_s);
    setAccessibleName(tr("Pictures and recordings"));
    auto *row = new QWidget;
    m_chips->setContentsMargins(0, 0, 0, 0);
    m_chips->setSpacing(space::kHalf);
    auto *rowLayout = new QHBoxLayout(row);
    rowLayout->setContentsMargins(0, 0, 0, 0);
    rowLayout->addLayout(m_chips);
    rowLayout->addStretch(1);
    auto *area = new QScrollArea(this);
    area->setWidget(row);
    area->setWidgetResizable(true);
    area->setFrameShape(QFrame::NoFrame);
    area->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    area->setFocusPolicy(Qt::NoFocus);
    area->setFixedHeight(kThumbnailSide + 24);
    area->viewport()->setAutoFillBackground(false);
    row->setAutoFillBackground(false);
    m_undo->setObjectName(u"undoAttachment"_s);
    m_undo->setText(tr("Undo"));
    m_undo->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    bindIcon(m_undo, u"undo"_s);
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kHalf);
    layout->addWidget(area, 1);
    layout->addWidget(m_undo, 0, Qt::AlignTop);
    connect(m_undo, &QToolButton::clicked, this, &AttachmentBar::undo);
    showChips({});
}

bool AttachmentBar::isVacant() const { return m_attachments.empty() && !canBringBack(); }

std::vector<PromptMedia> AttachmentBar::media() const { return mediaOf(m_attachments); }

void AttachmentBar::setAttachments(std::vector<AttachmentPtr> attachments)
{
    m_before.clear();
    m_readings.clear(); // what comes of them is of another turn
    showChips(std::move(attachments));
    Q_EMIT changed();
}

QStringList AttachmentBar::paths() const
{
    QStringList paths;
    for (const AttachmentPtr &attachment : m_attachments)
        if (!attachment->path.isEmpty()) paths << attachment->path;
    for (const Reading &reading : m_readings) paths << reading.paths;
    return paths;
}

qint64 AttachmentBar::numBytes() const
{
    qint64 numBytes = 0;
    for (const AttachmentPtr &attachment : m_attachments)
        numBytes += static_cast<qint64>(attachment->bytes.size());
    return numBytes;
}

void AttachmentBar::addFiles(const QStringList &paths)
{
    if (paths.isEmpty()) return;
    load(paths, [paths, room = kMaxRequestBytes - numBytes()]() mutable {
        Loaded loaded;
        for (const QString &path : paths) {
            loaded.push_back(readAttachment(path, room));
            if (loaded.back()) room -= static_cast<qint64>((*loaded.back())->bytes.size());
        }
        return loaded;
    });
}

void AttachmentBar::addImage(const QImage &image)
{
    const QString name = u"pasted-%1.png"_s.arg(++m_numPasted);
    load({}, [image, name, room = kMaxRequestBytes - numBytes()] {
        return Loaded{pasteAttachment(image, name, room)};
    });
}

void AttachmentBar::load(const QStringList &paths, const std::function<Loaded()> &work)
{
    const int number = m_nextReading++;
    m_readings.push_back({number, paths});
    Q_EMIT changed();
    QtConcurrent::run(work).then(this, [this, number](const Loaded &loaded) {
        const auto isThis = [number](const Reading &reading) { return reading.number == number; };
        if (std::erase_if(m_readings, isThis) > 0) take(loaded);
    });
}

void AttachmentBar::take(const Loaded &loaded)
{
    std::vector<AttachmentPtr> attachments = m_attachments;
    std::vector<Error> errors;
    qint64 room = kMaxRequestBytes - numBytes(); // another reading may have ended before
    for (const Result<AttachmentPtr> &one : loaded) {
        if (!one) {
            errors.push_back(one.error());
        } else if (std::ssize(attachments) >= kMaxAttachments) {
            errors.push_back({ErrorCode::InvalidInput,
                              toStd(tr("Cannot attach \"%1\": there are %2 already, expected %2 at most.")
                                        .arg((*one)->name, QString::number(kMaxAttachments))),
                              toStd(tr("Remove another one first."))});
        } else if (static_cast<qint64>((*one)->bytes.size()) > room) {
            errors.push_back({ErrorCode::InvalidInput,
                              toStd(tr("Cannot attach \"%1\": with it the prompt has more than %2.")
                                        .arg((*one)->name, bytesText(kMaxRequestBytes))),
                              toStd(tr("Remove another one first."))});
        } else {
            room -= static_cast<qint64>((*one)->bytes.size());
            attachments.push_back(*one);
        }
    }
    if (attachments.size() > m_attachments.size()) {
        remember({});
        showChips(std::move(attachments));
    }
    Q_EMIT changed();
    if (!errors.empty()) Q_EMIT refused(inOne(errors));
}

void AttachmentBar::remove(int index)
{
    if (index < 0 || index >= std::ssize(m_attachments)) return;
    remember(m_attachments[static_cast<size_t>(index)]->name);
    std::vector<AttachmentPtr> left = m_attachments;
    left.erase(left.begin() + index);
    showChips(std::move(left));
    Q_EMIT changed();
}

void AttachmentBar::remember(const QString &text)
{
    m_before.push_back({text, m_attachments});
    if (m_before.size() > kMaxSteps) m_before.erase(m_before.begin());
}

void AttachmentBar::undo()
{
    if (m_before.empty()) return;
    Step step = std::move(m_before.back());
    m_before.pop_back();
    showChips(std::move(step.attachments));
    Q_EMIT changed();
}

void AttachmentBar::showChips(std::vector<AttachmentPtr> attachments)
{
    m_attachments = std::move(attachments);
    while (QLayoutItem *item = m_chips->takeAt(0)) {
        // The click on its button is still being handled.
        item->widget()->hide();
        item->widget()->deleteLater();
        delete item;
    }
    for (int i = 0; i < static_cast<int>(std::ssize(m_attachments)); ++i) {
        auto *chip = new Chip(m_attachments[static_cast<size_t>(i)], this);
        m_chips->addWidget(chip);
        connect(chip->removeButton(), &QToolButton::clicked, this, [this, i] { remove(i); });
    }
    const QString removed = m_before.empty() ? QString() : m_before.back().text;
    m_undo->setVisible(!removed.isEmpty());
    const QString text = tr("Bring back %1 (Ctrl+Z)").arg(removed);
    m_undo->setToolTip(plainToolTip(text));
    m_undo->setAccessibleName(text);
}

} // namespace orrery::ui
