sleep "$seconds"
echo "slept for $seconds s"
