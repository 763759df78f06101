// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/upright_picture.h"

#include "widgets/play/attachment.h"

#include "core/base/exif_orientation.h"

#include <QTransform>

namespace orrery::ui {

int pictureOrientation(std::string_view bytes)
{
    return mediaKindOf(bytes) == MediaKind::Jpeg ? jpegOrientation(bytes) : kUpright;
}

bool isOnItsSide(int orientation) { return orientation >= 5; }

QImage turnedUpright(const QImage &image, int orientation)
{
    const auto turned = [&image](int degrees) { return image.transformed(QTransform().rotate(degrees)); };
    switch (orientation) {
    case 2:
        return image.mirrored(true, false);
    case 3:
        return image.mirrored(true, true);
    case 4:
        return image.mirrored(false, true);
    case 5:
        return turned(90).mirrored(true, false);
    case 6:
        return turned(90);
    case 7:
        return turned(90).mirrored(false, true);
    case 8:
        return turned(270);
    default:
        return image;
    }
}

} // namespace orrery::ui
