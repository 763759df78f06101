// SPDX-License-Identifier: GPL-3.0-or-later
// The pictures and recordings of a prompt as a row of chips: thumbnail, name, kind, size, and a button that
// takes each away; what was taken away can be brought back. Reads files in the background. GUI thread only.
#pragma once

#include "widgets/play/attachment.h"

#include <QWidget>

#include <functional>

class QHBoxLayout;
class QToolButton;

namespace orrery::ui {

class AttachmentBar : public QWidget {
    Q_OBJECT
public:
    explicit AttachmentBar(QWidget *parent = nullptr);
    [[nodiscard]] const std::vector<AttachmentPtr> &attachments() const { return m_attachments; }
    /// In order, before the prompt's text.
    [[nodiscard]] std::vector<PromptMedia> media() const;
    [[nodiscard]] qint64 numBytes() const;
    [[nodiscard]] bool isReading() const { return !m_readings.empty(); }
    /// Of the files, also of those that are still being read; what was pasted has none.
    [[nodiscard]] QStringList paths() const;
    /// Neither a chip nor something to bring back.
    [[nodiscard]] bool isVacant() const;

    /// In place of those so far, and of those still being read; nothing to bring back after it.
    void setAttachments(std::vector<AttachmentPtr> attachments);
    void addFiles(const QStringList &paths);
    void addImage(const QImage &image);
    void remove(int index);
    [[nodiscard]] bool canUndo() const { return !m_before.empty(); }
    /// The last step took something away.
    [[nodiscard]] bool canBringBack() const { return !m_before.empty() && !m_before.back().text.isEmpty(); }
    void undo();

Q_SIGNALS:
    void changed();                           ///< also when reading begins or ends
    void refused(const orrery::Error &error); ///< of what was not taken

private:
    using Loaded = std::vector<Result<AttachmentPtr>>;
    void load(const QStringList &paths, const std::function<Loaded()> &work);
    void take(const Loaded &loaded);
    void remember(const QString &text);
    void showChips(std::vector<AttachmentPtr> attachments);

    std::vector<AttachmentPtr> m_attachments;
    struct Step {
        QString text;
        std::vector<AttachmentPtr> attachments;
    };
    std::vector<Step> m_before; ///< oldest first
    struct Reading {
        int number;
        QStringList paths; ///< none: of what was pasted
    };
    std::vector<Reading> m_readings; ///< under way, oldest first
    QHBoxLayout *m_chips;
    QToolButton *m_undo;
    int m_nextReading = 0, m_numPasted = 0;
};

} // namespace orrery::ui
