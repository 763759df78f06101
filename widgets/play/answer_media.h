// SPDX-License-Identifier: GPL-3.0-or-later
// The pictures and recordings that an answer is about, in a row above its text. GUI thread only.
#pragma once

#include "widgets/play/attachment.h"

#include <QScrollArea>

#include <vector>

class QHBoxLayout;

namespace orrery::ui {

class AnswerMedia : public QScrollArea {
    Q_OBJECT
public:
    explicit AnswerMedia(QWidget *parent = nullptr);
    /// None: it takes no room.
    void setAttachments(const std::vector<AttachmentPtr> &attachments);
    [[nodiscard]] const std::vector<AttachmentPtr> &attachments() const { return m_attachments; }

protected:
    void resizeEvent(QResizeEvent *event) override;

private:
    void fitHeight();

    std::vector<AttachmentPtr> m_attachments;
    QWidget *m_row;
    QHBoxLayout *m_tiles;
};

} // namespace orrery::ui
