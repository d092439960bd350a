for number in 1 2 3 4 5; do
    echo "line $number"
    if [ "$number" = 3 ]; then sleep "${seconds:-0}"; fi
done
